/*
 * Sessions of SMTP over STARTTLS, each a new connection with a full handshake,
 * from several processes at once: a client that costs as little as it can.
 *
 *     tls_load PORT SESSIONS PROCESSES MESSAGE_BYTES
 *
 * With MESSAGE_BYTES each session sends one message of about that size, with 0
 * none. Exits 1 after anything unexpected, having said what it was. Links with
 * OpenSSL: -lssl -lcrypto.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { line_bytes = 78, record_bytes = 16384 };

struct session {
  int fd;
  SSL *tls; /* NULL before the handshake */
};

static void die(const char *what) {
  fprintf(stderr, "tls_load: %s\n", what);
  ERR_print_errors_fp(stderr);
  _exit(1);
}

static void say(struct session *s, const char *bytes, int count) {
  while (count > 0) {
    int done = s->tls ? SSL_write(s->tls, bytes, count)
                      : (int)write(s->fd, bytes, count);
    if (done <= 0) die("cannot write");
    bytes += done;
    count -= done;
  }
}

/* Reads a reply of any number of lines, which has to begin with this digit. */
static void expect(struct session *s, char digit) {
  char reply[4096];
  int have = 0;
  for (;;) {
    int room = (int)sizeof reply - 1 - have;
    int got = s->tls ? SSL_read(s->tls, reply + have, room)
                     : (int)read(s->fd, reply + have, room);
    if (got <= 0) die("the server has closed");
    have += got;
    reply[have] = 0;
    if (reply[have - 1] != '\n') continue;
    char *last = reply + have - 1;
    while (last > reply && last[-1] != '\n') last--;
    if (strlen(last) > 3 && last[3] == ' ') break;
  }
  if (reply[0] != digit) die(reply);
}

static void ask(struct session *s, const char *line, char digit) {
  say(s, line, (int)strlen(line));
  expect(s, digit);
}

static void send_message(struct session *s, long bytes) {
  static char text[record_bytes / line_bytes * line_bytes];
  memset(text, 'x', sizeof text);
  for (size_t i = 0; i < sizeof text; i += line_bytes)
    memcpy(text + i + line_bytes - 2, "\r\n", 2);
  ask(s, "MAIL FROM:<a@sender.example>\r\n", '2');
  ask(s, "RCPT TO:<b@foreign.example>\r\n", '2');
  ask(s, "DATA\r\n", '3');
  say(s, "Subject: large\r\n\r\n", 18);
  for (long sent = 0; sent < bytes; sent += sizeof text)
    say(s, text, sizeof text);
  ask(s, ".\r\n", '2');
}

static void run_session(SSL_CTX *context, int port, long message_bytes) {
  struct sockaddr_in server = {.sin_family = AF_INET,
                               .sin_port = htons(port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct session s = {socket(AF_INET, SOCK_STREAM, 0), NULL};
  int on = 1;
  setsockopt(s.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(s.fd, (struct sockaddr *)&server, sizeof server) != 0)
    die("cannot connect");
  expect(&s, '2');
  ask(&s, "EHLO load.example\r\n", '2');
  ask(&s, "STARTTLS\r\n", '2');
  SSL *tls = SSL_new(context);
  SSL_set_fd(tls, s.fd);
  if (SSL_connect(tls) != 1) die("the handshake failed");
  s.tls = tls;
  ask(&s, "EHLO load.example\r\n", '2');
  if (message_bytes > 0) send_message(&s, message_bytes);
  ask(&s, "QUIT\r\n", '2');
  SSL_shutdown(tls);
  SSL_free(tls);
  close(s.fd);
}

int main(int argc, char **argv) {
  if (argc != 5) die("wants PORT SESSIONS PROCESSES MESSAGE_BYTES");
  int port = atoi(argv[1]), sessions = atoi(argv[2]), processes = atoi(argv[3]);
  long message_bytes = atol(argv[4]);
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  /* The same for all servers, whatever each would choose. */
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
  for (int i = 0; i < processes; i++) {
    if (fork() != 0) continue;
    for (int n = i; n < sessions; n += processes)
      run_session(context, port, message_bytes);
    _exit(0);
  }
  int status, failed = 0;
  while (wait(&status) > 0) failed |= status != 0;
  return failed;
}
