/**
 * A refusal that is known long before its message has come, over a line of 10
 * Mbit/s: clients, which listen only when they have sent all, hear why.
 *
 * @module
 */
import { assert, assertMatch } from "@std/assert";
import { near } from "../support/namespaces.ts";
import { needing } from "../support/peers.ts";
import {
  faults,
  inFar,
  named,
  overSlowLine,
  smtplib,
  tcp,
} from "../support/slow_line.ts";

const netSmtp = `
use Net::SMTP;
my ($host, $port, $file) = @ARGV;
my $c = Net::SMTP->new($host, Port => $port, Timeout => 60) or die "no greeting";
open my $in, "<:raw", $file; local $/; my $text = <$in>;
$c->mail('a@sender.example'); $c->to('b@to.example'); $c->data();
$c->datasend($text); $c->dataend();
print STDERR $c->code, " ", $c->message;
exit($c->ok ? 0 : 1);
`;

/** Those that say themselves what they have heard. */
const programs: [
  string,
  keyof typeof faults,
  (port: number, file: string) => string[],
][] = [
  ["smtplib", "a bare LF", (port, file) => [
    ...["python3", "-c", smtplib, near.v4, `${port}`, file],
  ]],
  ["curl", "a NUL", (port, file) => [
    ...["curl", "-sSv", "--max-time", "60", "--upload-file", file],
    ...["--mail-from", "a@sender.example", "--mail-rcpt", "b@to.example"],
    `smtp://${near.v4}:${port}/client.example`,
  ]],
  ["msmtp", "a bare CR", (port) => [
    ...["msmtp", "-v", "--file=/dev/null", `--host=${near.v4}`],
    ...[`--port=${port}`, "--from=a@sender.example", "--", "b@to.example"],
  ]],
  ["Net::SMTP", "a NUL", (port, file) => [
    ...["perl", "-e", netSmtp, near.v4, `${port}`, file],
  ]],
];

for (const [name, fault, command] of programs) {
  const [program] = command(0, "");
  Deno.test(
    needing(
      { peers: [...tcp, "python3", program], root: true },
      `${name} hears over a slow line that ${fault} is refused`,
    ),
    () =>
      overSlowLine(fault, async (networks, port, file) => {
        const [, ...args] = command(port, file);
        const text = await Deno.readFile(file);
        const { code, stdout, stderr } = await inFar(
          networks,
          program,
          args,
          text,
        );
        assert(code !== 0);
        const heard = new RegExp(
          `554.*the message holds a ${named[fault]}`,
          "s",
        );
        assertMatch(stdout + stderr, heard);
      }),
  );
}
