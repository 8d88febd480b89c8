// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
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
	Port           *int    `json:"login_port"`
	ConfigFile     string  `json:"config_file"`
	ConnectTimeout float64 `json:"connect_timeout"`
	CACert         string  `json:"ca_cert"`
	ClientCert     string  `json:"client_cert"`
	ClientKey      string  `json:"client_key"`
	CheckHostname  *bool   `json:"check_hostname"`
}

// login is how galera takes them. Every password found on the way is kept out of the module's outputs.
func (o loginOptions) login(call *ansible.Call) galera.Login {
	var port int
	if o.Port != nil {
		port = *o.Port
	}
	return galera.Login{
		User: o.User, Password: o.Password, Socket: o.Socket, Host: o.Host, Port: port, ConfigFile: o.ConfigFile,
		CACert: o.CACert, ClientCert: o.ClientCert, ClientKey: o.ClientKey,
		SkipHostname:   o.CheckHostname != nil && !*o.CheckHostname,
		ConnectTimeout: seconds(o.ConnectTimeout), Secret: call.Secret,
	}
}

// check refuses numbers that the description of the options cannot.
func (o loginOptions) check() error {
	err := within("connect_timeout", o.ConnectTimeout, 0.001, maxSeconds)
	if o.Port != nil {
		err = errors.Join(err, within("login_port", float64(*o.Port), 1, 65535))
	}
	return err
}

// maxSeconds is 11 days.
const maxSeconds = 1e6

func within(option string, value, low, high float64) error {
	if value < low || value > high {
		return fmt.Errorf("%s: %.10g is not from %.10g to %.10g", option, value, low, high)
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
