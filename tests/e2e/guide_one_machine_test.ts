/** guides/one-machine.md, typed: postern, Dovecot and a smart host. */
import { assertEquals, assertMatch } from "@std/assert";
import { needingBoot } from "../support/booted_systemd.ts";
import { follow } from "../support/guide.ts";
import { oneMachine, withExecutable } from "../support/guide_machines.ts";

const peers = ["dovecot", "doveadm", "curl", "openssl"];

Deno.test(
  needingBoot("a mail server on one machine", peers),
  () =>
    withExecutable(async (booted) => {
      const elsewhere = await follow("one-machine.md", booted, oneMachine);
      assertEquals(elsewhere, [
        "apt install dovecot-imapd dovecot-lmtpd curl openssl",
        "mail.example.org.        A     192.0.2.1        and its PTR: mail.example.org",
        "postern doctor --dns --config /etc/postern/postern.toml",
      ]);
      assertMatch(
        await booted.ask("journalctl", "-u", "smtpd", "-o", "cat"),
        /login\.accepted .* user=ann@example\.org /,
      );
    }),
);
