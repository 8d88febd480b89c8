// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"overcloud.backup/internal/optionfile"
)

// checksName reports whether our own connection checks, if it is over TCP, whose certificate the server shows.
func (c *Client) checksName() bool {
	return (c.login.CACert != "" || c.login.ClientCert != "") && !c.login.SkipHostname
}

// OptionFile returns the text of an option file, with a [client] group, that lets the server's own programs
// (mariadb-backup, mariadb-dump, mariadb) log in as this client did, at the same place. It contains the password: write
// it to a 0600 file and pass it with --defaults-file, never as an argument. socket, unless it is empty, is the path of
// the server's socket where the programs run, because in a container it may differ.
func (c *Client) OptionFile(socket string) ([]byte, error) {
	place, err := c.placeOptions(socket)
	if err != nil {
		return nil, fmt.Errorf("write an option file: %w", err)
	}
	options := append([][2]string{{"user", c.cred.user}, {"password", c.cred.password}}, place...)
	var b bytes.Buffer
	b.WriteString("[client]\n")
	for _, option := range options {
		if option[1] == "" {
			continue
		}
		quoted, err := optionfile.Quote(option[1])
		if err != nil {
			return nil, fmt.Errorf("write %s into an option file: %w", option[0], err)
		}
		fmt.Fprintf(&b, "%s=%s\n", option[0], quoted)
	}
	return b.Bytes(), nil
}

// nowhere is a folder that does not exist on any host.
const nowhere = "/nonexistent"

// ErrToolsExposed reports a login with which the server's own programs could be made to reveal the password.
var ErrToolsExposed = errors.New("the server's own programs would reveal the password to any program that takes its" +
	" port after" +
	" this login")

// placeOptions make the programs connect to the place of this client, and to nothing else.
func (c *Client) placeOptions(socket string) ([][2]string, error) {
	if c.reached.Via == "socket" {
		// Without a host MYSQL_HOST in the environment would redirect mariadb, even with protocol=socket.
		place := [][2]string{{"host", "localhost"}, {"socket", cmp.Or(socket, c.socket, c.reached.Address)}}
		if c.native() {
			place = append(place, withoutPlugins)
		}
		return place, nil
	}
	address := c.reached.Address
	if !c.checksName() {
		address = cmp.Or(c.found, address) // the name may lead the programs elsewhere
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	options := [][2]string{{"host", host}, {"port", port}, {"protocol", "tcp"},
		{"ssl-ca", c.login.CACert}, {"ssl-cert", c.login.ClientCert}, {"ssl-key", c.login.ClientKey}}
	if c.checksName() {
		return append(options, [2]string{"ssl-verify-server-cert", "ON"}), nil
	}
	// In TLS it is not known what the server requested. A server without TLS can talk a program that does not check the
	// name out of using it.
	if !c.native() && !c.encrypted && c.cred.password != "" {
		return nil, fmt.Errorf("%s at %s logs in by %s over TCP without TLS: %w; set ca_cert, log in over the socket,"+
			" or use an "+
			"account with mysql_native_password", c.cred.user, c.reached.Address, c.wire.Plugin(), ErrToolsExposed)
	}
	return append(options, withoutPlugins), nil
}

// withoutPlugins keeps the programs from plugins that are files: with some of them they would reveal the password to a
// server that asks for it. mysql_native_password is built in. With "loose-" a version that does not know the option
// ignores it, and mariadb-backup asks the server where the server's own are.
var withoutPlugins = [2]string{"loose-plugin-dir", nowhere}

// native reports that the server requested nothing else than what the programs can do without a file.
func (c *Client) native() bool { return c.wire == nil || c.wire.Plugin() == "mysql_native_password" }

// ToolLogin is the name of the option file among ToolFiles.
const ToolLogin = "client.cnf"

// SigningPlugin is the file that the server's own programs need for an account with ed25519.
const SigningPlugin = "client_ed25519.so"

// Signs reports that this client logged in by ed25519.
func (c *Client) Signs() bool { return c.wire != nil && c.wire.Plugin()+".so" == SigningPlugin }

// ShowingPlugins are the files with which the programs would reveal the password to a server, in plain text or
// encrypted with a key of the server's.
var ShowingPlugins = []string{"dialog.so", "mysql_clear_password.so", "sha256_password.so", "caching_sha2_password.so"}

// ToolFiles returns the files that the server's own programs log in with, by the paths at which they see them: the
// option file (OptionFile), and the files that it names. folder contains only them. plugins is the folder of
// SigningPlugin, empty if it is not known: mariadb-backup looks for it among the server's plugins, where Debian has
// none.
func (c *Client) ToolFiles(socket, folder, plugins string) (map[string][]byte, error) {
	as, files := *c, map[string][]byte{}
	for name, path := range map[string]*string{
		"ca.pem": &as.login.CACert, "cert.pem": &as.login.ClientCert, "key.pem": &as.login.ClientKey,
	} {
		if *path == "" || c.reached.Via == "socket" {
			continue
		}
		content, err := c.may.ReadFile(*path, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("read the certificates for the tool: %w", err)
		}
		*path = filepath.Join(folder, name)
		files[*path] = content
	}
	text, err := as.OptionFile(socket)
	if c.Signs() && plugins != "" {
		text = fmt.Appendf(text, "plugin-dir=%[1]s\n[mariabackup]\nplugin-dir=%[1]s\n", plugins)
	}
	files[filepath.Join(folder, ToolLogin)] = text
	return files, err
}
