// The rows on Go's goroutines, one processor: prints one number.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

func work(n int) int {
	if os.Getenv("BENCH_SHORT") != "" {
		return n / 10
	}
	return n
}

func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

func memoryInUse() float64 {
	var size, pages float64
	bytes, _ := os.ReadFile("/proc/self/statm")
	fmt.Sscan(strings.TrimSpace(string(bytes)), &size, &pages)
	return pages * float64(os.Getpagesize())
}

func giveWay(n int, done *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		runtime.Gosched()
	}
	done.Done()
}

func switches() float64 {
	n := work(1000000)
	var done sync.WaitGroup
	start := cpu()
	done.Add(2)
	go giveWay(n, &done)
	go giveWay(n, &done)
	done.Wait()
	return (cpu() - start) / 2 / float64(n)
}

func spawn() float64 {
	n := work(500000)
	start := cpu()
	for i := 0; i < n; i++ {
		done := make(chan struct{})
		go func() { close(done) }()
		<-done
	}
	return (cpu() - start) / float64(n)
}

func queue() float64 {
	n := work(2000000)
	q := make(chan *int, 128)
	start := cpu()
	go func() {
		for i := 0; i < n; i++ {
			q <- &n
		}
	}()
	for i := 0; i < n; i++ {
		<-q
	}
	return (cpu() - start) / float64(n)
}

func lock() float64 {
	n := work(10000000)
	var l sync.Mutex
	start := cpu()
	for i := 0; i < n; i++ {
		l.Lock()
		l.Unlock()
	}
	return (cpu() - start) / float64(n)
}

func gather() float64 {
	best := 1e9
	for round := work(50); round >= 0; round-- {
		var done sync.WaitGroup
		start := cpu()
		done.Add(10000)
		for i := 0; i < 10000; i++ {
			go giveWay(1, &done)
		}
		done.Wait()
		if ms := (cpu() - start) / 1e6; ms < best {
			best = ms
		}
	}
	return best
}

func sleepers() float64 {
	n := work(100000)
	var done sync.WaitGroup
	start := cpu()
	done.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			time.Sleep(time.Second)
			done.Done()
		}()
	}
	done.Wait()
	return (cpu() - start) / 1e9
}

func memory() float64 {
	n := work(100000)
	before := memoryInUse()
	for i := 0; i < n; i++ {
		go time.Sleep(time.Hour)
	}
	for i := 0; i < 100; i++ {
		runtime.Gosched()
	}
	return (memoryInUse() - before) / float64(n)
}

func echo() float64 {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	for {
		c, err := l.Accept()
		if err != nil {
			return 0
		}
		go func() {
			bytes := make([]byte, 4096)
			for {
				n, err := c.Read(bytes)
				if err != nil {
					c.Close()
					return
				}
				c.Write(bytes[:n])
			}
		}()
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	rows := map[string]func() float64{"switch": switches, "spawn": spawn, "queue": queue, "lock": lock,
		"gather": gather, "sleepers": sleepers, "memory": memory, "echo": echo}
	fmt.Printf("%.4f\n", rows[os.Args[1]]())
}
