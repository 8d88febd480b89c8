// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	connectTimeout     = 5 * time.Second
	transactionTimeout = 30 * time.Second
	pauseAfterError    = 100 * time.Millisecond
)

// open prepares one connection to the virtual IP; it is opened again when it breaks.
func open(addr string) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd = "openstack", os.Getenv("LAB_OPENSTACK_PASSWORD")
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", addr, "lab_load"
	cfg.Timeout, cfg.ReadTimeout, cfg.WriteTimeout = connectTimeout, transactionTimeout, transactionTimeout
	cfg.Logger = silent{} // its messages are also returned as errors
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

type silent struct{}

func (silent) Print(...any) {}

// work runs the clients until ctx ends; transactions that have begun are finished. Each client has its own connection,
// like each worker process of a service.
func work(ctx context.Context, addr string, rec *recorder) error {
	interval := time.Duration(float64(rec.Clients) / rec.Rate * float64(time.Second))
	start := time.Now()
	errs := make([]error, rec.Clients)
	var all sync.WaitGroup
	for i := range rec.Clients {
		db, err := open(addr)
		if err != nil {
			return err
		}
		defer db.Close()
		c := client{number: i, run: rec.Run, db: db, rec: rec}
		first := start.Add(interval * time.Duration(i) / time.Duration(rec.Clients))
		all.Go(func() { errs[i] = c.loop(ctx, first, interval) })
	}
	all.Wait()
	return errors.Join(errs...)
}

type client struct {
	number int
	run    int64
	db     *sql.DB
	rec    *recorder
}

// loop runs one transaction each interval. After a slow one it catches up, and the wait counts as latency: the service
// behind it would also have waited. After an error it starts again.
func (c client) loop(ctx context.Context, due time.Time, interval time.Duration) error {
	for seq := 1; ; seq++ {
		if !sleepUntil(ctx, due) {
			return nil
		}
		at, err := c.transaction(ctx, seq)
		now := time.Now()
		if err == nil {
			err = c.rec.acknowledged(commit{id{c.number, seq}, now, now.Sub(due)})
			due = due.Add(interval)
		} else {
			err = c.rec.failed(failure{id{c.number, seq}, now, at, err.Error()})
			due = now.Add(max(interval, pauseAfterError))
		}
		if err != nil {
			return fmt.Errorf("write the record: %w", err)
		}
	}
}

func sleepUntil(ctx context.Context, due time.Time) bool {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// transaction is a short piece of work, like that of an API service: read a row, update a heartbeat, write a row.
// An error is returned with the step at which it occurred.
func (c client) transaction(ctx context.Context, seq int) (step, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionTimeout)
	defer cancel()
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return stepWork, err
	}
	if err := c.statements(ctx, tx, seq); err != nil {
		_ = tx.Rollback() // the first error says more
		return stepWork, err
	}
	return stepCommit, tx.Commit()
}

func (c client) statements(ctx context.Context, tx *sql.Tx, seq int) error {
	var hostname string
	err := tx.QueryRowContext(ctx, "SELECT hostname FROM nova.instances WHERE id > ? ORDER BY id LIMIT 1",
		(seq*37+c.number)%900).Scan(&hostname)
	if err != nil {
		return fmt.Errorf("select: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO services (client, report_count) VALUES (?, 1)
		ON DUPLICATE KEY UPDATE report_count = report_count + 1, last_seen_up = NOW(6)`, c.number)
	if err != nil {
		return fmt.Errorf("update: %w", err)
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO commits (run, client, seq, payload) VALUES (?, ?, ?, ?)",
		c.run, c.number, seq, strings.Repeat(hostname+" ", 10))
	if err != nil {
		return fmt.Errorf("insert: %w", err)
	}
	return nil
}

// readStored reads the transactions of a run that are in the database, after everything that is replicated by now.
func readStored(ctx context.Context, db *sql.DB, run int64) (map[id]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect through the virtual IP: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SET SESSION wsrep_sync_wait = 1"); err != nil {
		return nil, fmt.Errorf("set wsrep_sync_wait: %w", err)
	}
	rows, err := conn.QueryContext(ctx, "SELECT client, seq FROM commits WHERE run = ?", run)
	if err != nil {
		return nil, fmt.Errorf("read the stored commits: %w", err)
	}
	defer rows.Close()
	stored := map[id]bool{}
	for rows.Next() {
		var i id
		if err := rows.Scan(&i.Client, &i.Seq); err != nil {
			return nil, fmt.Errorf("read the stored commits: %w", err)
		}
		stored[i] = true
	}
	return stored, rows.Err()
}
