/* The handshake: a key and its answer, and who is let in. */
#include "http.h"
#include "peer.h"
#include "scenario.h"

#include <stdlib.h>

static void ask(const char *key) {
    char accept[WEBSOCKET_ACCEPT];
    memset(accept, '?', sizeof accept);
    int error = websocket_accept(key, accept);
    emit("server", "%s: %s, \"%s\"", key, code_name(error), accept);
}

SCENARIO(keys, "the answer to a key is its SHA-1 with the protocol's own words, in base64") {
    ask("dGhlIHNhbXBsZSBub25jZQ=="); /* the example of RFC 6455 */
    ask("x3JJHMbDL1EzLkh9GBhXDw==");
    ask("AAAAAAAAAAAAAAAAAAAAAA==");
}

SCENARIO(no_keys, "what is not 16 bytes in base64 is no key") {
    ask("");
    ask("dGhlIHNhbXBsZSBub25jZQ");
    ask("dGhlIHNhbXBsZSBub25jZSE=");
    ask("!Ghl IHNhbXBsZSBub25jZQ=");
    ask("dGhlIHNhbXBsZSBub25jZSBvZiAzMCBieXRlcw==");
}

static void knock(const char *says, const char *headers) {
    char *head, accept[WEBSOCKET_ACCEPT] = "?";
    request_head request;
    if (asprintf(&head, "GET /chat?x=1 HTTP/1.1\r\n%s\r\n", headers) < 0)
        return;
    int error = http_parse(head, &request);
    int status = error < 0 ? error : http_handshake(&request, accept);
    emit("server", "%s: %d, \"%s\"", says, status, error < 0 ? "" : accept);
    free(head);
}

#define HOST "Host: chat.example:8000\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

SCENARIO(let_in,
         "whoever asks as the protocol wants it is let in, in whatever order and however it "
         "is capitalised") {
    knock("a browser", HOST UPGRADE VERSION KEY "Origin: http://chat.example:8000\r\n");
    knock("over TLS", HOST UPGRADE VERSION KEY "Origin: https://chat.example:8000\r\n");
    knock("a program", HOST UPGRADE VERSION KEY);
    knock("Firefox", KEY VERSION "connection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n" HOST);
    knock("a proxy (Origin HTTP://CHAT.example:8000, Host chat.example:8000)",
          "host:chat.example:8000\r\nUPGRADE:  h2c , websocket  \r\n"
          "CONNECTION: upgrade\r\nsec-websocket-key:   dGhlIHNhbXBsZSBub25jZQ==  \r\n"
          "sec-websocket-version:13\r\nOrigin: HTTP://CHAT.example:8000\r\n");
}

SCENARIO(not_wanted,
         "who does not want a WebSocket, or another version of it, is told to upgrade") {
    knock("no upgrade", HOST VERSION KEY);
    knock("half an upgrade", HOST "Connection: Upgrade\r\n" VERSION KEY);
    knock("the other half", HOST "Upgrade: websocket\r\n" VERSION KEY);
    knock("another version", HOST UPGRADE "Sec-WebSocket-Version: 8\r\n" KEY);
    knock("no version", HOST UPGRADE KEY);
    knock("no version and no key", HOST UPGRADE);
}

SCENARIO(bad_key, "without a key, or with one that is none, the request is bad") {
    knock("no key", HOST UPGRADE VERSION);
    knock("a short key", HOST UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNh\r\n");
    knock("a bad key from elsewhere", HOST UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNh\r\n"
                                                           "Origin: http://evil.example\r\n");
}

static void call(const char *listening, const char *name, const char *host) {
    emit(listening, "%s: %s", host, http_is_here(host, listening, name) ? "here" : "elsewhere");
}

SCENARIO(names,
         "the server goes by localhost, by where it listens and by the name that it was given; a "
         "stranger's name leads nowhere, wherever it leads to") {
    static const char *const hosts[] = {"localhost",
                                        "LocalHost:8000",
                                        "127.0.0.1:8000",
                                        "127.9.9.9",
                                        "[::1]:8000",
                                        "192.0.2.7:8000",
                                        "[2001:db8::7]:8000",
                                        "evil.example:8000",
                                        "localhost.evil.example",
                                        "127.0.0.1.evil.example",
                                        "evil.example:localhost",
                                        "[::1",
                                        "[::1]x",
                                        "::1",
                                        ":8000",
                                        ""};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        call("127.0.0.1", NULL, hosts[i]);
    for (size_t i = 3; i < 9; i++)
        call("0.0.0.0", NULL, hosts[i]);
    call("192.0.2.7", NULL, "192.0.2.7:8000");
    call("192.0.2.7", NULL, "192.0.2.77:8000");
    call("2001:db8::7", NULL, "[2001:db8::7]:8000");
    call("chat.example", NULL, "Chat.Example:8000");
    call("chat.example", NULL, "chat.example.evil.example:8000");
    call("::", "chat.example", "chat.example");
    call("::", "chat.example", "evil.example");
    call("::", "chat.example", "192.0.2.7");
}

SCENARIO(strangers, "a page of somebody else is kept out, and gets no answer to its key") {
    knock("another host", HOST UPGRADE VERSION KEY "Origin: http://evil.example\r\n");
    knock("another port", HOST UPGRADE VERSION KEY "Origin: http://chat.example:9000\r\n");
    knock("a longer name",
          HOST UPGRADE VERSION KEY "Origin: http://chat.example:8000.evil.example\r\n");
    knock("a beginning", HOST UPGRADE VERSION KEY "Origin: http://chat.example\r\n");
    knock("another scheme", HOST UPGRADE VERSION KEY "Origin: ftp://chat.example:8000\r\n");
    knock("a sandbox", HOST UPGRADE VERSION KEY "Origin: null\r\n");
    knock("nothing", HOST UPGRADE VERSION KEY "Origin: \r\n");
}
