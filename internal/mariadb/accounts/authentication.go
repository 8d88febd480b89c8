// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/mariadb"
)

// priv is a row of mysql.global_priv.
//
//	{"access":256,"version_id":101119,"plugin":"mysql_native_password","authentication_string":"*B69...",
//	 "auth_or":[{},{"plugin":"unix_socket"}],"ssl_type":3,"ssl_cipher":"AES","x509_issuer":"/CN=i",
//	 "x509_subject":"/CN=x","max_questions":1,"max_updates":2,"max_connections":3,"max_user_connections":4,
//	 "max_statement_time":5.500000,"account_locked":true,"password_last_changed":1796024164,"password_lifetime":9}
type priv struct {
	Access uint64 `json:"access"`
	authentication
	Or                 []authentication `json:"auth_or"`
	SSLType            int              `json:"ssl_type"` // 1 ANY, 2 X509, 3 SPECIFIED
	Cipher             string           `json:"ssl_cipher"`
	Issuer             string           `json:"x509_issuer"`
	Subject            string           `json:"x509_subject"`
	MaxQuestions       json.Number      `json:"max_questions"`
	MaxUpdates         json.Number      `json:"max_updates"`
	MaxConnections     json.Number      `json:"max_connections"`
	MaxUserConnections json.Number      `json:"max_user_connections"`
	MaxStatementTime   json.Number      `json:"max_statement_time"`
	Locked             bool             `json:"account_locked"`
	// PasswordLastChanged is 0 for a password that has to be changed.
	PasswordLastChanged *int64 `json:"password_last_changed"`
	// PasswordLifetime is -1 for the server's own, 0 for no limit, or days.
	PasswordLifetime *int64 `json:"password_lifetime"`
}

// authentication is a way to log in.
type authentication struct {
	Plugin string `json:"plugin"`
	String string `json:"authentication_string"`
}

func parsePriv(text string) (priv, error) {
	var p priv
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, errors.New("its row of mysql.global_priv cannot be read")
	}
	return p, nil
}

// tail is the rest of CREATE USER after the way to log in, as the server writes it.
func (p priv) tail() string {
	tail := required([]string{"", " SSL", " X509"}, p.SSLType, p.Issuer, p.Subject, p.Cipher) +
		limits(p.MaxQuestions, p.MaxUpdates, p.MaxConnections, p.MaxUserConnections, p.MaxStatementTime)
	if p.Locked {
		tail += " ACCOUNT LOCK"
	}
	switch {
	case p.PasswordLastChanged != nil && *p.PasswordLastChanged == 0:
		tail += " PASSWORD EXPIRE"
	case p.PasswordLifetime != nil && *p.PasswordLifetime == 0:
		tail += " PASSWORD EXPIRE NEVER"
	case p.PasswordLifetime != nil && *p.PasswordLifetime > 0:
		tail += fmt.Sprintf(" PASSWORD EXPIRE INTERVAL %d DAY", *p.PasswordLifetime)
	}
	return tail
}

const nativePassword = "mysql_native_password"

// identifiedBy writes how an account logs in. An empty way among several is the first.
func identifiedBy(own authentication, or []authentication) string {
	if len(or) == 0 {
		if own.Plugin == "" || own.Plugin == nativePassword {
			if own.String == "" {
				return ""
			}
			return " IDENTIFIED BY PASSWORD " + mariadb.QuoteText(own.String)
		}
		or = []authentication{own}
	}
	ways := []string{}
	for _, a := range or {
		if a.Plugin == "" {
			a = own
		}
		way := mariadb.QuoteName(a.Plugin)
		if plainWord(a.Plugin) {
			way = a.Plugin
		}
		if a.String != "" {
			way += " USING " + mariadb.QuoteText(a.String)
		}
		ways = append(ways, way)
	}
	return " IDENTIFIED VIA " + strings.Join(ways, " OR ")
}

func plainWord(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// required writes the requirements for a connection; words are those of the kinds that need no more.
func required(words []string, kind int, issuer, subject, cipher string) string {
	if kind > 0 && kind < len(words) {
		return " REQUIRE" + words[kind]
	}
	list := ""
	for _, part := range []struct{ word, value string }{{"ISSUER", issuer}, {"SUBJECT", subject}, {"CIPHER", cipher}} {
		if kind == len(words) && part.value != "" {
			list += " " + part.word + " " + mariadb.QuoteText(part.value)
		}
	}
	if list != "" {
		list = " REQUIRE" + list
	}
	return list
}

// limits writes the limits that are set.
func limits(values ...json.Number) string {
	words := []string{"MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR", "MAX_CONNECTIONS_PER_HOUR",
		"MAX_USER_CONNECTIONS", "MAX_STATEMENT_TIME"}
	list := ""
	for i, value := range values {
		if n, err := value.Float64(); err == nil && n != 0 {
			list += " " + words[i] + " " + value.String()
		}
	}
	if list != "" {
		list = " WITH" + list
	}
	return list
}
