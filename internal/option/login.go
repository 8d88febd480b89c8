// SPDX-License-Identifier: GPL-3.0-or-later

package option

import (
	"errors"

	"overcloud.backup/internal/mariadb"
)

// Login are the options of modules/_login.yml. A module embeds them in its own.
type Login struct {
	User           string  `json:"login_user"`
	Password       string  `json:"login_password"`
	Socket         string  `json:"login_unix_socket"`
	Host           string  `json:"login_host"`
	Port           *int    `json:"login_port"`
	ConfigFile     string  `json:"config_file"`
	ConnectTimeout float64 `json:"connect_timeout"`
	CACert         string  `json:"ca_cert"`
	ClientCert     string  `json:"client_cert"`
	ClientKey      string  `json:"client_key"`
	CheckHostname  *bool   `json:"check_hostname"`
}

// Login returns the options in the form of package galera. secret is called with every password that is found on the
// way, to keep it out of the module's outputs.
func (o Login) Login(secret func(string)) mariadb.Login {
	var port int
	if o.Port != nil {
		port = *o.Port
	}
	return mariadb.Login{
		User: o.User, Password: o.Password, Socket: o.Socket, Host: o.Host, Port: port, ConfigFile: o.ConfigFile,
		CACert: o.CACert, ClientCert: o.ClientCert, ClientKey: o.ClientKey,
		SkipHostname:   o.CheckHostname != nil && !*o.CheckHostname,
		ConnectTimeout: Seconds(o.ConnectTimeout), Secret: secret,
	}
}

// Check refuses numbers that the description of the options cannot.
func (o Login) Check() error {
	err := Within("connect_timeout", o.ConnectTimeout, 0.001, MaxSeconds)
	if o.Port != nil {
		err = errors.Join(err, Within("login_port", float64(*o.Port), 1, 65535))
	}
	return err
}
