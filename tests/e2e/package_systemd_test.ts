/**
 * The Debian package's unit, under a real systemd.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type Booted,
  needingBoot,
  withBooted,
} from "../support/booted_systemd.ts";
import { pack, packed, quickly } from "../support/packages.ts";
import { inFolder, peer } from "../support/peers.ts";

const service = "postern.service";

/** Sends a message in there; the last reply. */
const send = (booted: Booted) =>
  booted.ask(
    ...["sh", "-c"] as const,
    "printf 'Subject: hello\\n\\nIt works.\\n' | curl -sSv --crlf " +
      "--url smtp://127.0.0.1 --mail-from a@example.org " +
      "--mail-rcpt b@localhost --upload-file - 2>&1",
  );

const test = needingBoot(
  "systemd starts the package's service, and an upgrade restarts it",
);
const hasTools = peer("dh") !== null && peer("curl") !== null;

Deno.test(
  { ...test, ignore: test.ignore || !hasTools },
  () =>
    inFolder(async (folder) => {
      const made = await pack(folder, ["deb"], quickly);
      assertEquals(made.code, 0, made.stderr);
      const deb = packed(folder, ".deb");
      await withBooted(async (booted) => {
        // What others have left, and who forbids packages to start services.
        const left = [
          "/var/lib/postern",
          "/etc/postern",
          "/usr/sbin/policy-rc.d",
        ];
        await booted.ask("rm", "-rf", ...left);
        await booted.ask("dpkg", "--no-triggers", "--install", deb);
        const isEnabled = await booted.run("systemctl", "is-enabled", service);
        assertEquals(isEnabled.stdout, "disabled\n");
        assertEquals(await booted.property(service, "ActiveState"), "inactive");

        await booted.ask("systemctl", "enable", "--now", service);
        assertMatch(await send(booted), /^< 250 .*ok/m);
        const box = "/var/lib/postern/Maildir/new";
        assertMatch(await booted.ask("stat", "-c", "%U", box), /^postern\n$/);
        const before = await booted.property(service, "MainPID");

        await booted.ask("dpkg", "--no-triggers", "--install", deb);
        const after = await booted.property(service, "MainPID");
        assertEquals(await booted.property(service, "ActiveState"), "active");
        assert(before !== after, "it was not restarted");
        await send(booted);

        // The unit leaves room for what somebody writes into the configuration.
        const edited = "/etc/postern/postern.toml";
        await booted.ask("install", "-d", "-o", "postern", "/home/mail");
        const elsewhere = "s:/var/lib/postern/Maildir:/home/mail/box:";
        await booted.ask("sed", "-i", elsewhere, edited);
        await booted.ask("systemctl", "restart", service);
        await send(booted);
        const mails = await booted.ask("ls", "/home/mail/box/new");
        assertMatch(mails, /^\S+\n$/);

        await booted.ask("dpkg", "--purge", "postern");
        const gone = await booted.run("systemctl", "status", service);
        assertEquals(gone.code, 4, gone.stdout);
        const links = ["/etc/systemd", "-name", "*postern*"];
        assertEquals(await booted.ask("find", ...links), "");
      });
    }),
);
