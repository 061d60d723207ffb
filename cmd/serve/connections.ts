/**
 * serve's options about where connections come in, and how each is handled.
 *
 * @module
 */
import { either, flag, oneOf, value } from "../../lib/cli/option.ts";
import { bytes, path, text } from "../../lib/cli/readers.ts";
import type { Family } from "../../lib/net/names.ts";

export const where = {
  title: "Where",
  options: {
    family: oneOf<Family>("any", [
      [{ short: "4", long: "ipv4", help: "HOST is an IPv4 address" }, "ipv4"],
      [{
        short: "6",
        long: "ipv6",
        help: "HOST is an IPv6 address where it has one; 0 is ::",
      }, "ipv6"],
    ]),
    interface: value({
      short: "I",
      long: "interface",
      value: "name",
      help: "where a link-local HOST is",
      read: text,
      initial: null,
    }),
    config: value({
      long: "config",
      value: "file",
      scope: "commandLine",
      help: "take HOST PORT PROGRAM and all options from a file",
      manual: `Several of them in one process, see CONFIGURATION FILE.
On the command line only --check goes with it.
The file is read once, and may be a pipe; a worker that is started again does
not read it again.`,
      read: path,
      initial: null,
    }),
  },
};

export const eachConnection = {
  title: "Each connection",
  options: {
    banner: value({
      short: "B",
      long: "banner",
      value: "text",
      help: "send this first, even to a client that the rules deny",
      read: bytes,
      initial: "",
    }),
    tlsCert: value({
      long: "tls-cert",
      value: "file",
      help: "TLS from the start, for the built-in smtpd (PEM)",
      manual:
        `The certificate is followed by those that vouch for it (port 465).
It is read before root is given up, and again at SIGHUP, and so is its key.
For STARTTLS see postern-smtpd(8).`,
      read: path,
      initial: null,
    }),
    tlsKey: value({
      long: "tls-key",
      value: "file",
      help: "its private key",
      usual: "in the same file",
      read: path,
      initial: null,
    }),
    isolate: flag({
      long: "isolate",
      help: "execute postern's own smtpd like any program",
    }),
    noDelay: either(
      false,
      { short: "D", long: "no-delay", help: "set TCP_NODELAY" },
      { short: "d", long: "delay", help: "let TCP join small writes" },
    ),
    keepIpOptions: either(
      false,
      { short: "o", long: "keep-ip-options", help: "leave IP options alone" },
      { short: "O", long: "no-keep-ip-options", help: "clear them" },
    ),
  },
};
