/**
 * guides/rspamd-and-dovecot.md, typed on the machine that
 * guides/one-machine.md makes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { needingBoot } from "../support/booted_systemd.ts";
import { follow } from "../support/guide.ts";
import {
  oneMachine,
  rspamdAndDovecot,
  withExecutable,
} from "../support/guide_machines.ts";

const peers = [
  ...["dovecot", "doveadm", "sievec", "rspamd", "rspamadm", "opendkim"],
  ...["opendkim-genkey", "curl", "openssl"],
];

Deno.test(
  needingBoot("with rspamd and Dovecot", peers),
  () =>
    withExecutable(async (booted) => {
      await follow("one-machine.md", booted, oneMachine, "## 6.");
      const guide = "rspamd-and-dovecot.md";
      assertEquals(await follow(guide, booted, rspamdAndDovecot), [
        "apt install rspamd redis-server dovecot-sieve",
        "apt install opendkim opendkim-tools",
        '"--dnsbl", "zen.spamhaus.org=127.0.0.[2..11]:2,list.dnswl.org=127.0.[0..255].[1..3]:-2",',
      ]);
    }),
);
