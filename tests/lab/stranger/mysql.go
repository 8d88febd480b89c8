// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
)

// askForPassword greets like a server whose accounts use caching_sha2_password, and requests the password itself:
// clients send it in plain text over a socket, and encrypted with the server's key over TCP.
func askForPassword(conn net.Conn) string {
	if _, err := conn.Write(frame(0, greeting())); err != nil {
		return ""
	}
	sequence, login, err := read(conn)
	if err != nil {
		return ""
	}
	got := fmt.Sprintf("login %q", login)
	const moreData, performFull = 1, 4
	if _, err := conn.Write(frame(sequence+1, []byte{moreData, performFull})); err != nil {
		return got
	}
	sequence, answer, err := read(conn)
	if err != nil {
		return got
	}
	if len(answer) == 1 { // requests the key
		return got + ", " + decrypt(conn, sequence)
	}
	return got + fmt.Sprintf(", PASSWORD %q", answer)
}

// greeting returns protocol 10's: version, connection, challenge, capabilities with CLIENT_PLUGIN_AUTH, and the plugin.
func greeting() []byte {
	g := append([]byte{10}, "10.11.6-MariaDB\x00"...)
	g = append(g, 7, 0, 0, 0)
	g = append(g, "challeng\x00"...)
	g = append(g, 0xff, 0xf7, 45, 2, 0, 0x0f, 0x80, 21)
	g = append(g, make([]byte, 10)...)
	g = append(g, "of-12-bytes.\x00"...)
	return append(g, "caching_sha2_password\x00"...)
}

func decrypt(conn net.Conn, sequence byte) string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err.Error()
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err.Error()
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	if _, err := conn.Write(frame(sequence+1, append([]byte{1}, text...))); err != nil {
		return err.Error()
	}
	_, sealed, err := read(conn)
	if err != nil {
		return err.Error()
	}
	plain, err := rsa.DecryptOAEP(sha1.New(), rand.Reader, key, sealed, nil)
	if err != nil {
		return err.Error()
	}
	challenge := "challengof-12-bytes."
	for i := range plain {
		plain[i] ^= challenge[i%len(challenge)]
	}
	return fmt.Sprintf("PASSWORD %q", plain)
}

func frame(sequence byte, payload []byte) []byte {
	return append([]byte{byte(len(payload)), byte(len(payload) >> 8), byte(len(payload) >> 16), sequence}, payload...)
}

func read(conn net.Conn) (sequence byte, payload []byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return 0, nil, err
	}
	length := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if length > 1<<16 {
		return 0, nil, errors.New("too long")
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(conn, payload)
	return head[3], payload, err
}
