/**
 * `--dmarc-reject`: which messages are refused after their text because the
 * author's domain wants that, and which are not.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import {
  type Answer,
  failures,
  txt,
  withDns,
  type Zone,
} from "../support/dns_server.ts";
import { withGate } from "../support/gate.ts";
import { send, serve } from "../support/milter_gate.ts";
import { needing, until } from "../support/peers.ts";

const failing: Answer = { type: "failure", rcode: failures.SERVFAIL };

const zone: Zone = {
  "ours.example TXT": txt("v=spf1 ip4:127.0.0.1 -all"),
  "spf.reject.example TXT": txt("v=spf1 ip4:127.0.0.1 -all"),
  "down.reject.example TXT": failing,
  "_dmarc.none.example TXT": txt("v=DMARC1; p=none"),
  "_dmarc.quarantine.example TXT": txt("v=DMARC1; p=quarantine"),
  "_dmarc.reject.example TXT": txt("v=DMARC1; p=reject"),
  "_dmarc.test.example TXT": txt("v=DMARC1; p=reject; t=y"),
  "_dmarc.sub.example TXT": txt("v=DMARC1; p=none; sp=reject"),
  "mild.sub.example A": txt("there"),
  "_dmarc.missing.example TXT": txt("v=DMARC1; p=none; np=reject"),
  "there.missing.example A": {
    type: "records",
    records: [{ type: "A", data: "192.0.2.1" }],
  },
  "_dmarc.failing.example TXT": failing,
  "key._domainkey.reject.example TXT": failing,
  "key._domainkey.evil.example TXT": failing,
};

/** A signature of the body below by a domain whose key cannot be had. */
const signedBy = (domain: string) =>
  `DKIM-Signature: v=1; a=rsa-sha256; d=${domain}; s=key; h=from;\n` +
  "  bh=zS7KNTV0HyeorkDDGwxB1AV6enuRKzO5rthkhdHIRnY=; b=YWJj\n";

interface Case {
  readonly header: string;
  /** Of the envelope. */
  readonly sender?: string;
  /** What the log says of DMARC. */
  readonly result: string;
  readonly isRefused?: boolean;
}

const from = (...domains: string[]) =>
  domains.map((each) => `From: a@${each}\n`).join("");

const cases: Case[] = [
  { header: from("nobody.example"), result: "none" },
  { header: from("none.example"), result: "fail" },
  { header: from("quarantine.example"), result: "fail" },
  { header: from("reject.example"), result: "fail", isRefused: true },
  { header: from("www.reject.example"), result: "fail", isRefused: true },
  { header: from("test.example"), result: "fail" },
  { header: from("sub.example"), result: "fail" },
  { header: from("mild.sub.example"), result: "fail", isRefused: true },
  { header: from("there.missing.example"), result: "fail" },
  { header: from("not.missing.example"), result: "fail", isRefused: true },
  { header: from("failing.example"), result: "temperror" },
  // The author's own domain speaks for it.
  {
    header: from("reject.example"),
    sender: "a@spf.reject.example",
    result: "pass",
  },
  // Another one does, as of a list that has not rewritten From.
  {
    header: from("reject.example"),
    sender: "list@ours.example",
    result: "fail",
    isRefused: true,
  },
  // What cannot be told for now might have spoken for it.
  {
    header: from("reject.example"),
    sender: "a@down.reject.example",
    result: "temperror",
  },
  {
    header: signedBy("reject.example") + from("reject.example"),
    result: "temperror",
  },
  // This one could not have.
  {
    header: signedBy("evil.example") + from("reject.example"),
    result: "fail",
    isRefused: true,
  },
  // A second author is no way around the first one's policy.
  {
    header: from("reject.example", "nobody.example"),
    result: "permerror",
    isRefused: true,
  },
  {
    header: "From: a@nobody.example, b@reject.example\n",
    result: "permerror",
    isRefused: true,
  },
  { header: from("nobody.example", "none.example"), result: "permerror" },
  {
    header: "From: " +
      [..."abcdef"].map((each) => `x@${each}.example`).join(", ") + "\n",
    result: "permerror",
    isRefused: true,
  },
  { header: "Subject: of nobody\n", result: "permerror" },
  // Nor is a header that is not looked at more closely.
  {
    header: `${from("reject.example")}this is no field\n`,
    result: "permerror",
    isRefused: true,
  },
  {
    header: "X-Much: 1\n".repeat(2000) + from("reject.example"),
    result: "permerror",
    isRefused: true,
  },
  {
    header: `${from("reject.example")}this is no field\n`,
    sender: "a@spf.reject.example",
    result: "permerror",
  },
  {
    header: `${from("none.example")}this is no field\n`,
    result: "permerror",
  },
];

const options = [
  ["--dmarc-reject"],
  ["--dmarc-reject", "--authentication-results"],
];

for (const [i, smtpd] of options.entries()) {
  Deno.test(
    needing({ root: true }, `the author's domain decides: ${smtpd.join(" ")}`),
    () =>
      withDns(`127.3.9.${i + 1}`, zone, ({ ip }) =>
        withGate(
          [
            ...serve,
            ...["--deliver", "discard", "--mail-log", "stderr", ...smtpd],
          ],
          { env: { DNSCACHEIP: ip } },
          async (gate) => {
            for (const [i, each] of cases.entries()) {
              const { header, sender, result, isRefused } = each;
              const said = await send(gate.port, {
                sender: sender ?? "a@ours.example",
                text: `${header}\nhello\n`,
              });
              const wanted = isRefused ? "550 5.7.1" : "250 2.0.0";
              assertEquals(said.slice(0, 9), wanted, header);
              const answered = () =>
                gate.log.match(/ filter\.answered .*(?=\n)/g) ?? [];
              await until("it is told", () => answered().length === i + 1);
              const answer = isRefused ? "never" : "pass";
              assertMatch(
                answered()[i],
                new RegExp(
                  ` filter=authentication answer=${answer} .*dmarc ${result}"$`,
                ),
              );
            }
          },
        )),
  );
}

Deno.test(
  needing({ root: true }, "a client that may relay is not asked for DMARC"),
  () =>
    withDns("127.3.9.3", zone, ({ ip }) =>
      withGate(
        [...serve, "--deliver", "discard", "--dmarc-reject"],
        { env: { DNSCACHEIP: ip, RELAYCLIENT: "" } },
        async (gate) => {
          const text = `${from("reject.example")}\nhello\n`;
          assertMatch(await send(gate.port, { text }), /^250 /);
        },
      )),
);
