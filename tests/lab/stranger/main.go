// SPDX-License-Identifier: GPL-3.0-or-later

// Command stranger is an unprivileged user of a controller who waits for a secret: it listens at the places of the
// database and HAProxy while they are down, asks for passwords, and records every byte that it receives.
//
//	stranger LOG PLACE...
//
//	mysql:unix:/tmp/mysql.sock      a server that asks for the password in plain
//	mysql:tcp:127.0.0.1:3306        the same over TCP, with its own key
//	http:tcp:127.0.0.1:1993         a page of statistics
//	stats:unix:/tmp/stats           a socket of statistics
//	hold:unix:/run/mysqld.sock:40   keeps that many connections of a server without logging in
//
// It ends by itself after ten minutes.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

const lifetime = 10 * time.Minute

// behaviours handle a connection, by the first word of a place. They return the data from the caller.
var behaviours = map[string]func(net.Conn) string{"mysql": askForPassword, "http": page, "stats": page}

func main() {
	time.AfterFunc(lifetime, func() { os.Exit(0) })
	file, err := os.OpenFile(os.Args[1], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	log.SetOutput(file)
	for _, place := range os.Args[2:] {
		part := strings.SplitN(place, ":", 3)
		if part[0] == "hold" {
			hold(part[1], part[2])
			continue
		}
		listener, err := net.Listen(part[1], part[2])
		if err != nil {
			log.Fatalf("NO LISTENER %s: %v", place, err)
		}
		go serve(listener, place, behaviours[part[0]])
	}
	log.Print("READY")
	select {}
}

func serve(listener net.Listener, place string, behave func(net.Conn) string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			if got := behave(conn); got != "" {
				log.Printf("GOT at %s: %q", place, got)
			}
		}()
	}
}

// hold opens as many connections to a server as it accepts, and reopens each when the server has stopped waiting for a
// login.
func hold(network, address string) {
	at := strings.LastIndexByte(address, ':')
	count, err := strconv.Atoi(address[at+1:])
	if err != nil {
		log.Fatal(err)
	}
	for range count {
		go func() {
			for {
				if conn, err := net.Dial(network, address[:at]); err == nil {
					_, _ = io.Copy(io.Discard, conn)
					conn.Close()
				}
				time.Sleep(100 * time.Millisecond)
			}
		}()
	}
}

// page answers any request with a page that has only a header.
func page(conn net.Conn) string {
	var got strings.Builder
	for lines := bufio.NewScanner(conn); lines.Scan() && lines.Text() != ""; {
		got.WriteString(lines.Text() + "\n")
		if !strings.Contains(lines.Text(), ": ") && !strings.HasPrefix(lines.Text(), "GET") {
			break // a command on the socket is one line
		}
	}
	fmt.Fprint(conn, "HTTP/1.0 200 OK\r\n\r\n# pxname,svname,scur,status\n\n")
	return got.String()
}
