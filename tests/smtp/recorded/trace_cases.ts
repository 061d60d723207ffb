/**
 * The Received line: HELO and the environment.
 *
 * @module
 */
import type { Case } from "./case.ts";
import { type Draft, group, lines, message } from "./draft.ts";

const text = "t\r\n";
const hello = (line: string) => message(text, lines(line));

function environments(table: Record<string, Case["env"]>): Draft[] {
  return Object.entries(table).map(([name, env]) => ({
    name: `trace: ${name}`,
    env,
    input: hello("HELO said.example"),
  }));
}

export const traceCases: readonly Draft[] = [
  ...group("HELO", {
    "none": message(text),
    "empty": hello("HELO"),
    "of a blank": hello("HELO "),
    "as the client's name": hello("HELO client.example"),
    "as the client's name in upper case": hello("HELO CLIENT.Example"),
    "of two words": hello("HELO one two"),
    "of blanks at the end": hello("HELO x   "),
    "that is unknown": hello("HELO unknown"),
    "literal": hello("HELO [192.0.2.7]"),
    "literal of IPv6": hello("HELO [IPv6:2001:db8::1]"),
    "with an underscore": hello("HELO my_host"),
    "with every printable byte": hello(
      "HELO !\"#$%&'()*+,-./0:;<=>?@A[\\]^_`a{|}~",
    ),
    "of 8-bit bytes": hello("HELO \x80\xc3\xa4\xff"),
    "of control bytes": hello("HELO \x01\t\x1b[2J\x7f"),
    "with a CR": hello("HELO a\rb"),
    "with a NUL": hello("HELO a\0b"),
    "of 3000 bytes": hello(`HELO ${"x".repeat(3000)}`),
    "EHLO": hello("EHLO x.example"),
    "EHLO, empty": hello("EHLO"),
  }),
  ...group("HELO", {
    "and a client's name of 8-bit bytes": hello("HELO \xc3\xa4"),
    "and a client's name of 8-bit bytes in upper case": hello("HELO \xe3\xa4"),
  }, { env: { TCPREMOTEHOST: "\xc3\xa4" } }),
  ...group("HELO", {
    "and no client's name": hello("HELO x"),
    "unknown, and no client's name": hello("HELO unknown"),
    "UNKNOWN, and no client's name": hello("HELO UNKNOWN"),
  }, { env: { TCPREMOTEHOST: null } }),
  ...environments({
    "nothing at all": {
      TCPREMOTEIP: null,
      TCPREMOTEHOST: null,
      TCPLOCALHOST: null,
      TCPLOCALIP: null,
      PROTO: null,
    },
    "no TCPREMOTEIP": { TCPREMOTEIP: null },
    "no TCPREMOTEHOST": { TCPREMOTEHOST: null },
    "no TCPLOCALHOST": { TCPLOCALHOST: null },
    "no TCPLOCALHOST, no TCPLOCALIP": { TCPLOCALHOST: null, TCPLOCALIP: null },
    "empty TCPREMOTEIP": { TCPREMOTEIP: "" },
    "empty TCPREMOTEHOST": { TCPREMOTEHOST: "" },
    "empty TCPLOCALHOST": { TCPLOCALHOST: "" },
    "empty TCPREMOTEINFO": { TCPREMOTEINFO: "" },
    "TCPREMOTEINFO": { TCPREMOTEINFO: "joe" },
    "odd TCPREMOTEINFO": { TCPREMOTEINFO: "joe\r\nX: y (\xc3\xa4)" },
    "odd TCPREMOTEHOST": { TCPREMOTEHOST: "a b;c\n\xc3\xa4" },
    "odd TCPLOCALHOST": { TCPLOCALHOST: "a_b;c\n\xc3\xa4" },
    "odd TCPREMOTEIP": { TCPREMOTEIP: "1.2.3.4\n\x7f" },
    "IPv6": { TCPREMOTEIP: "2001:db8::7", TCPLOCALIP: "2001:db8::1" },
    "IPv6 with a zone": { TCPREMOTEIP: "fe80::1%eth0", TCPLOCALHOST: null },
    "long names": {
      TCPREMOTEHOST: "r".repeat(3000),
      TCPLOCALHOST: "l".repeat(3000),
      TCPREMOTEINFO: "i".repeat(3000),
    },
    "HELO in upper case": { TCPREMOTEHOST: "SAID.example" },
  }),
];
