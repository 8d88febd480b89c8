// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"cmp"
	"context"

	"overcloud.backup/internal/hiera"
	"overcloud.backup/internal/optionfile"
)

// hieraPassword is where TripleO keeps the password of root.
const hieraPassword = "mysql::server::root_password"

// credentials lists what to try before hiera is asked: options, then option files.
func (f OptionFiles) credentials(l Login) []credential {
	var list []credential
	fromFile, found := clientCredential(f.client)
	if l.User != "" || l.Password != "" {
		list = append(list, mixed(l, fromFile))
	}
	if found {
		list = append(list, fromFile)
	}
	if inContainer, found := clientCredential(f.container); found {
		list = append(list, inContainer)
	}
	return list
}

// mixed returns the options, completed from the option files if these are about the same user.
func mixed(l Login, file credential) credential {
	c := credential{user: cmp.Or(l.User, file.user, "root"), password: l.Password, from: "options"}
	if l.Password == "" && (file.user == c.user || l.User == "") {
		c.password = file.password
	}
	return c
}

func clientCredential(options optionfile.Options) (credential, bool) {
	user, hasUser := options.Last(clientGroups, "user")
	password, hasPassword := options.Last(clientGroups, "password")
	c := credential{user: cmp.Or(user.Value, "root"), password: password.Value, from: "option file " + user.File}
	if hasPassword {
		c.from = "option file " + password.File
	}
	return c, hasUser || hasPassword
}

// lastResorts are tried when no configured account works: the password of root from hiera, and root without a password,
// which the plugin unix_socket accepts. An error is hiera's.
func lastResorts(ctx context.Context) ([]credential, error) {
	socket := credential{user: "root", from: "unix_socket", socketOnly: true}
	password, found, err := hiera.Lookup(ctx, hiera.Config, hieraPassword)
	if err != nil || !found {
		return []credential{socket}, err
	}
	return []credential{{user: "root", password: password, from: "hiera"}, socket}, nil
}

// withTLS completes the certificates from the option files. MariaDB's client checks the host name only if configured
// to.
func (f OptionFiles) withTLS(l Login) Login {
	if l.CACert != "" || l.ClientCert != "" {
		return l
	}
	file := func(name string) string {
		o, _ := f.client.Last(clientGroups, name)
		return o.Value
	}
	l.CACert, l.ClientCert, l.ClientKey = file("ssl-ca"), file("ssl-cert"), file("ssl-key")
	verify, given := f.client.Last(clientGroups, "ssl-verify-server-cert")
	on, _ := OnOff(verify.Value)
	l.SkipHostname = !given || !verify.Bare && !on
	return l
}
