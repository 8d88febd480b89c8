// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"time"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/galera"
)

// loginOptions are the options of _login.yml. A module embeds them in its own.
type loginOptions struct {
	User           string  `json:"login_user"`
	Password       string  `json:"login_password"`
	Socket         string  `json:"login_unix_socket"`
	Host           string  `json:"login_host"`
	Port           int     `json:"login_port"`
	ConfigFile     string  `json:"config_file"`
	ConnectTimeout float64 `json:"connect_timeout"`
	CACert         string  `json:"ca_cert"`
	ClientCert     string  `json:"client_cert"`
	ClientKey      string  `json:"client_key"`
	CheckHostname  *bool   `json:"check_hostname"`
}

// login is how galera takes them. Every password found on the way is kept out of the module's outputs.
func (o loginOptions) login(call *ansible.Call) galera.Login {
	return galera.Login{
		User: o.User, Password: o.Password, Socket: o.Socket, Host: o.Host, Port: o.Port, ConfigFile: o.ConfigFile,
		CACert: o.CACert, ClientCert: o.ClientCert, ClientKey: o.ClientKey,
		SkipHostname:   o.CheckHostname != nil && !*o.CheckHostname,
		ConnectTimeout: seconds(o.ConnectTimeout), Secret: call.Secret,
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
