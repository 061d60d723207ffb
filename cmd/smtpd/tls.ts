/**
 * smtpd's options about TLS and log-ins.
 *
 * @module
 */
import { absolutePath } from "../../lib/base/path.ts";
import { unasked } from "../../lib/smtpd/options.ts";
import { flag, value, ValueError } from "../../lib/cli/option.ts";
import { number, path, text } from "../../lib/cli/readers.ts";
import { serviceAddress } from "../../lib/base/service_address.ts";
import { byDovecot } from "../../lib/smtpd/senders.ts";

function service(text: string) {
  const address = serviceAddress(text);
  if (address !== null) return address;
  throw new ValueError("PATH or HOST:PORT");
}

export const tlsAndLogins = {
  title: "TLS and log-ins",
  manual: `Who has logged in may relay.
Three wrong passwords end the session; each is logged.
A name to act for (RFC 4616) that is another than the user's own is as good as a
wrong password, but with --dovecot-auth, where Dovecot decides.
A line of AUTH, or of a client in it, may have 12288 bytes; more is 500 5.5.6,
close.

For TLS from the start see --tls-cert of postern-serve(1).`,
  options: {
    tlsCert: value({
      long: "tls-cert",
      value: "file",
      help: "offer STARTTLS with this certificate, in PEM, and those that " +
        "vouch for it",
      usual: "control/servercert.pem, if it is there",
      manual: `See RFC 3207; TLS 1.2 or 1.3.
Read before root is given up, and again at SIGHUP; what was read before stays
if that fails.
A certificate that has expired, is not valid yet, or is not for --me (a wildcard
stands for one label) is used all the same, and a warning in the log tells of it
each time that it is read.`,
      read: path,
      initial: unasked.tlsCert,
    }),
    tlsKey: value({
      long: "tls-key",
      value: "file",
      help: "its private key",
      usual: "in the same file",
      read: path,
      initial: unasked.tlsKey,
    }),
    passwords: value({
      long: "passwords",
      value: "file",
      help: "offer AUTH, once encrypted, to the users in a file of USER:HASH " +
        "lines",
      manual: `AUTH PLAIN and LOGIN (RFC 4954).
A HASH is scrypt in PHC form; --hash-password makes one.
Lines that start with \`#\` are skipped; of two lines of a user the first counts.
The file is read at each log-in, with the ids that the gate has by then.
Each log-in is as much work, whoever it is for: that of one hash of each cost in
the file.
A line without a hash is a wrong password to the client, and a warning.`,
      read: path,
      initial: unasked.passwords,
    }),
    checkpassword: value({
      long: "checkpassword",
      value: "program",
      help: "or to those whom this program (with arguments) knows",
      manual: `Blanks stand between its arguments.
It reads user, password and a time stamp on descriptor 3, NUL after each, and
leaves with 0, with 1 for no, or with something else for not now
(cr.yp.to/checkpwd/interface.html).
It has 60 seconds.`,
      read: text,
      // In a folder with a blank it stays, and is refused as a relative one.
      fromFolder: (text, folder) =>
        /^\s*[^\s/]+\//.test(text) && !/\s/.test(folder)
          ? absolutePath(text.trimStart(), folder)
          : text,
      initial: unasked.checkpassword,
    }),
    dovecotAuth: value({
      long: "dovecot-auth",
      value: "address",
      help: "or to Dovecot's users, by its auth service: PATH, unix:PATH, " +
        "HOST:PORT or inet:HOST:PORT",
      manual: `With any password scheme and any user database that it has.
In Dovecot's configuration:
\`service auth { unix_listener /run/postern/auth { mode = 0660 user = USER } }\`,
where USER is who the gate runs as.
All mechanisms that Dovecot has are offered, once encrypted, but ANONYMOUS,
EXTERNAL and those that bind channels; it has the exchange itself, and a
password is not looked at here.
Until it is heard of for the first time PLAIN and LOGIN are offered.
Who it was is what Dovecot calls him: it may change the name, and lets master
users act for others.
Of a user with the passdb field nologin or proxy the password is wrong.
It is told of the client's address and port, and of the session's name in the
log; what it knows of a refusal is in the log.
If it is not there, hangs up, restarts, says nonsense, does not answer in time,
or has more than 30 challenges, log-ins are deferred, 454 4.7.0, until it is back: it fails closed.
All sessions of a process share one connection, which is made anew within a
second, and after a minute, or 10 seconds without a log-in, since a process of
Dovecot's that was replaced answers its old clients as before.`,
      read: service,
      fromFolder: (text, folder) => {
        const address = serviceAddress(text);
        return address?.transport === "unix"
          ? `unix:${absolutePath(address.path, folder)}`
          : text;
      },
      initial: unasked.dovecotAuth,
    }),
    dovecotSeconds: value({
      long: "dovecot-seconds",
      value: "seconds",
      help: "how long Dovecot may take for each step of a log-in",
      manual: `It lets a client wait for two seconds that has a wrong password,
and for up to 15 more one whose address has had many.
Beyond it: 454 4.7.0.`,
      read: number(1, 3600),
      initial: unasked.dovecotSeconds,
    }),
    senderLogin: value({
      long: "sender-login",
      value: "file",
      help: "refuse senders that who has logged in does not own: a FILE of " +
        "ADDRESS: LOGIN, LOGIN... lines, or dovecot",
      usual: "anybody may send as anybody",
      manual:
        `Such a sender is refused at MAIL: 553 5.7.1, not owned by user LOGIN.
In FILE, an ADDRESS may be \`@domain\`; the colon may be a blank, as in Postfix's
smtpd_sender_login_maps.
Log-ins are parted by commas or blanks; an ADDRESS with several lines has the
log-ins of all.
Lines that start with \`#\` are skipped; one that starts with a blank goes on
with the one before.
The nearest entry counts alone: the address, then without what is behind a \`+\`
in it (\`ann+lists@a.example\` is whose \`ann@a.example\` is), then its domain.
An address that is not in it is nobody's.
Letter case does not matter, in log-ins neither.
The file is looked at for each sender, so no signal is needed, and read when it
is another one; of a million lines that takes seconds, in which the process does
nothing else.
While it cannot be read, or has a line that says nothing, all senders of those
who have logged in are deferred, 451 4.3.5: it fails closed.

With \`dovecot\` (and --dovecot-auth) a user owns the address that he is called
by in Dovecot, and those in the fields \`sender\` and \`senders\` of his passdb,
parted by commas: in a passwd-file
\`ann@a.example:{PLAIN}x::::::senders=info@a.example,@b.example\`.
One who is called by no address, and has no such field, owns none.

The null sender is everybody's, as receipts have it.
Clients that have not logged in are not asked about, $RELAYCLIENT or not; From
and other header fields, and AUTH= of MAIL, are not looked at.`,
      read: path,
      fromFolder: (text, folder) =>
        text === byDovecot ? text : absolutePath(text, folder),
      initial: unasked.senderLogin,
    }),
    hashPassword: flag({
      long: "hash-password",
      help: "read a password, print its HASH, and do nothing else",
      manual: `\`echo "$password" | postern smtpd --hash-password\``,
    }),
  },
};
