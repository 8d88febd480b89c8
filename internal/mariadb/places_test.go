// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/optionfile"
)

func options(t *testing.T, file, text string) optionfile.Options {
	items, err := optionfile.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var all optionfile.Options
	for _, item := range items {
		all = append(all, optionfile.Option{Item: item, File: file})
	}
	return all
}

func TestPlacesAreTriedInOrder(t *testing.T) {
	const red, debian = "/var/lib/mysql/mysql.sock", "/run/mysqld/mysqld.sock"
	for name, c := range map[string]struct {
		login          Login
		client, server string
		exist          []string
		want           string
	}{
		"a socket of the options is the only one": {Login{Socket: "/s", Host: "h"}, "socket=/c", "socket=/m",
			[]string{red}, "socket /s"},
		"a host of the options too": {Login{Host: "h"}, "socket=/c", "port=3307", []string{red},
			"tcp h:3307"},
		"its port may be given": {Login{Host: "fd00::1", Port: 3308}, "port=1", "", nil,
			"tcp [fd00::1]:3308"},
		"localhost means the socket": {Login{Host: "localhost"}, "host=db", "", []string{red},
			"socket " + red + ", tcp 127.0.0.1:3306"},
		"the client's socket comes first": {Login{}, "socket=/c", "socket=/m", []string{red},
			"socket /c, socket /m, socket " + red + ", tcp 127.0.0.1:3306"},
		"the client's host, if it has no socket": {Login{}, "host=db\nport=3310", "", nil,
			"tcp db:3310, tcp 127.0.0.1:3310"},
		"one socket is tried once": {Login{}, "socket=" + debian, "socket=" + debian,
			[]string{debian, "/var" + debian}, "socket " + debian + ", tcp 127.0.0.1:3306"},
		"only sockets that are there": {Login{}, "", "", []string{debian},
			"socket " + debian + ", tcp 127.0.0.1:3306"},
		"the server's own name comes last": {Login{}, "", "bind-address=controller-0.internalapi.localdomain", nil,
			"tcp controller-0.internalapi.localdomain:3306"},
		"any address means loopback":     {Login{}, "", "bind-address=0.0.0.0", nil, "tcp 127.0.0.1:3306"},
		"the first of several addresses": {Login{}, "", "bind_address=10.0.0.1,::1", nil, "tcp 10.0.0.1:3306"},
	} {
		t.Run(name, func(t *testing.T) {
			f := OptionFiles{client: options(t, "c", "[client]\n"+c.client+"\n"),
				server: options(t, "s", "[mysqld]\n"+c.server+"\n")}
			var got []string
			for _, p := range f.places(c.login, func(path string) bool { return slices.Contains(c.exist, path) }) {
				got = append(got, p.via+" "+p.address)
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCredentialsAreTriedInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		login             Login
		client, container string
		want              []credential
	}{
		"nothing is known": {Login{}, "", "", nil},
		"options alone": {Login{User: "u", Password: "p"}, "", "",
			[]credential{{"u", "p", "options", false}}},
		"a password alone is root's": {Login{Password: "p"}, "", "",
			[]credential{{"root", "p", "options", false}}},
		"an option file": {Login{}, "user=f\npassword=q", "",
			[]credential{{"f", "q", "option file /f", false}}},
		"its password alone is root's": {Login{}, "password=q", "",
			[]credential{{"root", "q", "option file /f", false}}},
		"options, then files, then TripleO's": {Login{User: "u", Password: "p"}, "user=f\npassword=q", "password=r",
			[]credential{{"u", "p", "options", false}, {"f", "q", "option file /f", false},
				{"root", "r", "option file /t", false}}},
		"a user takes the password of the files": {Login{User: "f"}, "user=f\npassword=q", "",
			[]credential{{"f", "q", "options", false}, {"f", "q", "option file /f", false}}},
		"not that of another user": {Login{User: "u"}, "user=f\npassword=q", "",
			[]credential{{"u", "", "options", false}, {"f", "q", "option file /f", false}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := OptionFiles{client: options(t, "/f", "[client]\n"+c.client+"\n"),
				container: options(t, "/t", "[client]\n"+c.container+"\n")}
			if got := f.credentials(c.login); !slices.Equal(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestConfiguredNeedsMoreThanAClientsFile(t *testing.T) {
	for text, want := range map[string]bool{"[client]\nsocket=/s\n": false, "[mysqld]\nport=1\n": false,
		"[galera]\nwsrep_on=ON\n":       true,
		"[mysqld]\nwsrep-provider=/x\n": true} {
		if got := (OptionFiles{server: options(t, "s", text)}).Clustered(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
