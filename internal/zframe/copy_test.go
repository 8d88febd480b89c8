// SPDX-License-Identifier: GPL-3.0-or-later

package zframe

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/zstd"
)

var options = Options{Level: 1, Workers: 2, Blocks: 3}

// words returns text that compresses well, the same each time.
func words(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 1<<16)
	for i := range b {
		b[i] = "abcdefgh"[r.IntN(8)]
	}
	return bytes.Repeat(b, n>>16+1)[:n]
}

func TestCopyIsReadByZstd(t *testing.T) {
	for name, size := range map[string]int{"nothing": 0, "a byte": 1, "one frame": Size, "a frame and a byte": Size + 1,
		"more than all blocks": 5*Size - 3} {
		t.Run(name, func(t *testing.T) {
			in := words(size)
			var out bytes.Buffer
			stats, err := Copy(&out, bytes.NewReader(in), options)
			if err != nil {
				t.Fatal(err)
			}
			want := Stats{Raw: int64(size), Bytes: int64(out.Len()), Frames: (size + Size - 1) / Size}
			if stats != want {
				t.Errorf("%+v, want %+v", stats, want)
			}
			if got := decompress(t, out.Bytes()); !bytes.Equal(got, in) {
				t.Errorf("%d bytes came back of %d", len(got), size)
			}
		})
	}
}

func decompress(t *testing.T, compressed []byte) []byte {
	t.Helper()
	if program, err := exec.LookPath("zstd"); err == nil && len(compressed) > 0 {
		cmd := exec.Command(program, "-d", "-q", "-c")
		cmd.Stdin = bytes.NewReader(compressed)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	d, err := zstd.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	out, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheTeeSeesPiecesAtOnce(t *testing.T) {
	source, feed := io.Pipe()
	seen := make(chan string)
	o := options
	o.Tee = writer(func(p []byte) (int, error) { seen <- string(p); return len(p), nil })
	done := make(chan error)
	go func() { _, err := Copy(io.Discard, source, o); done <- err }()
	go io.WriteString(feed, "first")
	if got := <-seen; got != "first" {
		t.Errorf("saw %q", got)
	}
	feed.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestErrorsEndTheCopy(t *testing.T) {
	broken := errors.New("broken")
	fails := writer(func([]byte) (int, error) { return 0, broken })
	if _, err := Copy(io.Discard, iotest.ErrReader(broken), options); !errors.Is(err, broken) {
		t.Errorf("source: %v", err)
	}
	o := options
	o.Tee = fails
	if _, err := Copy(io.Discard, bytes.NewReader(words(2*Size)), o); !errors.Is(err, broken) {
		t.Errorf("tee: %v", err)
	}
	source, feed := io.Pipe()
	o = options
	o.Stop = func(err error) { feed.CloseWithError(io.EOF) }
	go func() {
		for block := words(Size); ; {
			if _, err := feed.Write(block); err != nil {
				return
			}
		}
	}()
	if _, err := Copy(fails, source, o); !errors.Is(err, broken) {
		t.Errorf("sink: %v", err)
	}
}

// A sink that stalls makes the source wait only if all blocks are full.
func TestTheBufferAbsorbsAStallOfTheSink(t *testing.T) {
	stall := make(chan struct{})
	sink := writer(func(p []byte) (int, error) { <-stall; return len(p), nil })
	source, feed := io.Pipe()
	done := make(chan error)
	go func() { _, err := Copy(sink, source, options); done <- err }()
	block := []byte(strings.Repeat("x", Size))
	written := make(chan int, 10)
	go func() {
		for i := range 5 {
			if _, err := feed.Write(block); err != nil {
				return
			}
			written <- i
		}
		feed.Close()
	}()
	for range options.Blocks {
		<-written
	}
	select {
	case <-written:
		t.Error("more was taken than the buffer holds")
	case <-time.After(100 * time.Millisecond):
	}
	close(stall)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

type panics struct{}

func (panics) Write([]byte) (int, error) { panic("of a writer") }
func (panics) Read([]byte) (int, error)  { panic("of a reader") }

// A panic in a goroutine would end the process before its caller could undo anything.
func TestAPanicIsAnError(t *testing.T) {
	zeros := func() io.Reader { return io.LimitReader(zero{}, 3*Size) }
	for name, copyAll := range map[string]func(Options) (Stats, error){
		"writer": func(o Options) (Stats, error) { return Copy(panics{}, zeros(), o) },
		"reader": func(o Options) (Stats, error) { return Copy(io.Discard, panics{}, o) },
		"tee":    func(o Options) (Stats, error) { o.Tee = panics{}; return Copy(io.Discard, zeros(), o) },
	} {
		if _, err := copyAll(Options{Level: 1, Workers: 2, Blocks: 3}); err == nil ||
			!strings.Contains(err.Error(), "panic: of a ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := newPool(1, 1, 0, nil, func(*job, []byte) ([]byte, error) { panic("of a worker") })
	buffer, err := p.buffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	p.give(&job{in: buffer})
	p.end()
	if err := p.each(func(j *job) error { return j.err }); err == nil ||
		!strings.Contains(err.Error(), "panic: of a worker") {
		t.Errorf("worker: %v", err)
	}
}

type zero struct{}

func (zero) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// Data that does not compress needs the most memory: a sink that stalls must not need more than the blocks.
func TestMemoryIsBounded(t *testing.T) {
	const blocks, workers = 8, 2
	noise := make([]byte, Size)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	before := heap()
	full, done, ended := make(chan bool, 10), make(chan struct{}), make(chan error)
	stall := make(chan struct{})
	o := Options{Level: 1, Workers: workers, Blocks: blocks, Full: func(on bool) { full <- on }, Done: done}
	sink := writer(func(p []byte) (int, error) { <-stall; return len(p), nil })
	go func() { _, err := Copy(sink, io.MultiReader(repeat(noise, 20)...), o); ended <- err }()
	if !<-full {
		t.Fatal("the wait ended before it began")
	}
	used := heap() - before
	if limit := int64((blocks+workers)*(Size+room) + 40<<20); used > limit {
		t.Errorf("%d MiB are used, more than %d", used>>20, limit>>20)
	}
	close(done)
	if <-full {
		t.Error("a wait began twice")
	}
	close(stall)
	if err := <-ended; !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
}

func repeat(block []byte, n int) (all []io.Reader) {
	for range n {
		all = append(all, bytes.NewReader(block))
	}
	return all
}

// heap returns the memory that the program holds, garbage included.
func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// Stopping a copy must not wait until the buffer is written to a slow sink.
func TestACopyThatIsStoppedWritesNoMore(t *testing.T) {
	done, written := make(chan struct{}), 0
	o := Options{Level: 1, Workers: 2, Blocks: 5, Done: done}
	sink := writer(func(p []byte) (int, error) {
		if written++; written == 1 {
			close(done)
		}
		return len(p), nil
	})
	if _, err := Copy(sink, bytes.NewReader(words(12*Size)), o); !errors.Is(err, ErrStopped) || written != 1 {
		t.Errorf("%v, %d frames were written", err, written)
	}
}
