// SPDX-License-Identifier: GPL-3.0-or-later

package zframe

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// ErrStopped reports that a copy was ended by its caller.
var ErrStopped = errors.New("the copy was stopped")

// job is a block on its way through the workers.
type job struct {
	in   []byte // what was read
	out  []byte // the result of a worker
	err  error  // why there is no out
	done chan struct{}
	Frame
}

// pool is a reader, some workers and a writer. A buffer goes from free to the reader, through jobs to a worker, through
// order to the writer, and back to free. A worker keeps the buffer that it read and passes on the one that it filled:
// so a pool has as many buffers as it was created with, and one for each worker.
type pool struct {
	size  int // of a new buffer
	stop  <-chan struct{}
	free  chan []byte
	jobs  chan *job
	order chan *job
	all   sync.WaitGroup
}

// newPool starts the workers. Each makes job.out from job.in, in a spare buffer. Closing stop ends the pool early; it
// may be nil.
func newPool(workers, buffers, size int, stop <-chan struct{}, work func(j *job, spare []byte) ([]byte, error)) *pool {
	p := &pool{
		size: size, stop: stop,
		free: make(chan []byte, buffers), jobs: make(chan *job, buffers), order: make(chan *job, buffers),
	}
	for range buffers {
		p.free <- nil // created when it is first needed
	}
	for range workers {
		p.all.Go(func() { p.work(work) })
	}
	return p
}

func (p *pool) work(do func(j *job, spare []byte) ([]byte, error)) {
	spare := p.made(nil)
	for j := range p.jobs {
		if j.out, j.err = safely(do, j, spare[:0]); j.err == nil {
			spare = j.in
		}
		close(j.done)
	}
}

func safely(do func(*job, []byte) ([]byte, error), j *job, spare []byte) (out []byte, err error) {
	defer caught(&err)
	return do(j, spare)
}

// buffer returns the next free buffer. full, which may be nil, is called when the reader begins to wait for one, and
// when that ends.
func (p *pool) buffer(full func(bool)) ([]byte, error) {
	if p.stopped() {
		return nil, ErrStopped
	}
	select {
	case b := <-p.free:
		return p.made(b), nil
	default:
	}
	if full != nil {
		full(true)
		defer full(false)
	}
	select {
	case b := <-p.free:
		return p.made(b), nil
	case <-p.stop:
		return nil, ErrStopped
	}
}

func (p *pool) made(buffer []byte) []byte {
	if buffer == nil {
		buffer = make([]byte, 0, p.size)
	}
	return buffer
}

func (p *pool) stopped() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}

// give passes a job with a buffer of the pool to the workers.
func (p *pool) give(j *job) {
	j.done = make(chan struct{})
	p.jobs <- j
	p.order <- j
}

// end says that no more jobs come.
func (p *pool) end() {
	close(p.jobs)
	close(p.order)
}

// each passes the jobs to take in the order in which they were given, until the end. After an error, or if the pool was
// stopped, it only returns the buffers.
func (p *pool) each(take func(j *job) error) (failed error) {
	for j := range p.order {
		<-j.done
		if failed == nil && !p.stopped() {
			failed = take(j)
		}
		p.free <- j.out
	}
	p.all.Wait()
	return failed
}

// caught turns a panic into an error. In a goroutine it would end the process, and its caller could undo nothing.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}
