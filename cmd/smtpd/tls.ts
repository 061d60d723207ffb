/**
 * smtpd's options about TLS and log-ins.
 *
 * @module
 */
import { unasked } from "../../lib/smtpd/options.ts";
import { flag, value } from "../../lib/cli/option.ts";
import { path, text } from "../../lib/cli/readers.ts";

export const tlsAndLogins = {
  title: "TLS and log-ins",
  manual: `Who has logged in may relay.
Three wrong passwords end the session; each is logged.

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
      initial: unasked.checkpassword,
    }),
    hashPassword: flag({
      long: "hash-password",
      help: "read a password, print its HASH, and do nothing else",
      manual: `\`echo "$password" | postern smtpd --hash-password\``,
    }),
  },
};
