// chat_go.go - the chat server of chapter 14 in Go, as far as chat_load needs it. Prints "port N".
//
// The same design: a message is serialised once; each client has a bounded queue (a channel) and a
// goroutine that writes whatever has gathered there with one call; who does not read is dropped.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"time"
)

type client struct {
	conn     net.Conn
	queue    chan []byte
	name, id string
}

var (
	lock    sync.Mutex
	members = map[*client]bool{}
	names   = map[string]bool{}
	history []any
	serial  int
)

func (c *client) send(line []byte) {
	select {
	case c.queue <- line:
	default:
		c.conn.Close()
	}
}

func (c *client) write() {
	for line := range c.queue {
		together := append([]byte(nil), line...)
		for more := true; more && len(together) < 64*1024; {
			select {
			case line, open := <-c.queue:
				together = append(together, line...)
				more = open
			default:
				more = false
			}
		}
		if _, err := c.conn.Write(together); err != nil {
			c.conn.Close()
		}
	}
}

func line(content any) []byte {
	bytes, _ := json.Marshal(content)
	return append(bytes, '\n')
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func broadcast(bytes []byte, but *client) {
	for member := range members {
		if member != but {
			member.send(bytes)
		}
	}
}

// The order of members matters to chat_load: "type" comes first.
type said struct {
	Type     string `json:"type"`
	UserID   string `json:"user_id,omitempty"`
	Username string `json:"username,omitempty"`
	RoomID   string `json:"room_id,omitempty"`
	Message  string `json:"message,omitempty"`
	Time     string `json:"timestamp,omitempty"`
}

type roomInfo struct {
	Type    string            `json:"type"`
	RoomID  string            `json:"room_id"`
	Count   int               `json:"member_count"`
	Members []json.RawMessage `json:"members"`
	Recent  []any             `json:"recent_messages"`
}

func (c *client) join() {
	members[c] = true
	broadcast(line(said{"user_joined", c.id, c.name, "general", c.name + " joined the room", now()}), c)
	info := roomInfo{Type: "room_info", RoomID: "general", Count: len(members), Recent: history}
	for member := range members {
		if len(info.Members) == 100 {
			break
		}
		one, _ := json.Marshal(map[string]string{"id": member.id, "username": member.name})
		info.Members = append(info.Members, one)
	}
	if len(info.Recent) > 10 {
		info.Recent = info.Recent[len(info.Recent)-10:]
	}
	c.send(line(info))
}

func (c *client) answer(request said) {
	lock.Lock()
	defer lock.Unlock()
	switch request.Type {
	case "register":
		names[request.Username] = true
		c.name, c.id = request.Username, fmt.Sprintf("client_%d_%d", serial, time.Now().Unix())
		serial++
		c.send(line(said{Type: "registered", UserID: c.id, Username: c.name}))
	case "join":
		c.join()
	case "message":
		m := said{"chat_message", c.id, c.name, "general", request.Message, now()}
		if history = append(history, m); len(history) > 100 {
			history = history[1:]
		}
		broadcast(line(m), nil)
	}
}

func (c *client) serve() {
	go c.write()
	for lines := bufio.NewScanner(c.conn); lines.Scan(); {
		var request said
		if json.Unmarshal(lines.Bytes(), &request) == nil {
			c.answer(request)
		}
	}
	lock.Lock()
	defer lock.Unlock()
	delete(members, c)
	delete(names, c.name)
	close(c.queue)
	c.conn.Close()
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go (&client{conn: conn, queue: make(chan []byte, 1024)}).serve()
	}
}
