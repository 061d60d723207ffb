/**
 * The generated units, under a real systemd: a life from start to end, and a
 * socket that is kept.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Booted, needingBoot } from "../support/booted_systemd.ts";
import { until } from "../support/peers.ts";
import {
  executable,
  greeting,
  install,
  mailIn,
  mainPid,
  send,
  statusOf,
  withPostern,
} from "../support/systemd_service.ts";

const listingOf = (booted: Booted) =>
  booted.ask("find", "/etc", "/var/lib", "/usr/local", "-ls");

Deno.test(
  needingBoot("a gate that gives up root, on a socket that systemd keeps"),
  () =>
    withPostern(async (booted) => {
      const before = await listingOf(booted);
      const maildir = "/var/lib/mail-of-a-test/Maildir";
      await install(booted, "gate", ...[
        ...["-u", "mail", "127.0.0.1", "25", "smtpd", "--me", "localhost"],
        ...["--maildir", maildir, "--spf"],
        ...["--smtpgreeting", `50% "$HOME" \\ ; 'e' %h \${PATH} $$`],
      ]);
      assertEquals(
        await greeting(booted, 25),
        `220 50% "$HOME" \\ ; 'e' %h \${PATH} $$ ESMTP\r\n`,
      );
      await send(booted, 25);
      assertEquals(await mailIn(booted, maildir), 1);
      const first = await mainPid(booted, "gate");
      const status = await statusOf(booted, first);
      assertEquals(
        [status.Uid, status.CapEff, status.NoNewPrivs, status.Seccomp],
        ["8\t8\t8\t8", "0000000000000000", "1", "2"],
      );
      // What serve binds itself by, within what systemd has.
      const journal = await booted.journal("gate");
      assert(!/unable to/.test(journal), journal);
      assertMatch(journal, /message\.stored /);

      await booted.ask("systemctl", "reload", "gate");
      await until("it has read its files again", async () =>
        /settings\.refreshed/.test(await booted.journal("gate")));
      assertEquals(await mainPid(booted, "gate"), first);

      await booted.ask("kill", "-KILL", first);
      await send(booted, 25); // which the socket's queue has held
      assert(await mainPid(booted, "gate") !== first);
      assertEquals(await booted.property("gate.service", "NRestarts"), "1");

      // A restart refuses nobody.
      let isOver = false;
      const restarts = (async () => {
        for (let i = 0; i < 3; i++) {
          await booted.ask("systemctl", "restart", "gate");
        }
        isOver = true;
      })();
      let sent = 2;
      for (; !isOver; sent++) {
        await send(booted, 25);
      }
      await restarts;
      assertEquals(await mailIn(booted, maildir), sent);

      await booted.ask("systemctl", "stop", "gate.service", "gate.socket");
      assertEquals(await booted.property("gate.service", "Result"), "success");
      // The first connection starts it.
      await booted.ask("systemctl", "start", "gate.socket");
      const isActive = async () =>
        (await booted.run("systemctl", "is-active", "gate")).stdout.trim();
      assertEquals(await isActive(), "inactive");
      await send(booted, 25);
      assertEquals(await isActive(), "active");
      for (const unit of ["gate.service", "gate.socket"]) {
        assertEquals(
          await booted.ask("systemctl", "is-enabled", unit),
          "enabled\n",
        );
      }
      assertEquals(
        (await booted.run(
          ...[
            executable,
            "init-script",
            "--uninstall",
            "--name",
            "gate",
          ] as const,
        )).code === 0,
        false,
        "it is running",
      );
      await booted.ask("systemctl", "stop", "gate.service", "gate.socket");
      await booted.ask(
        ...[
          executable,
          "init-script",
          "--uninstall",
          "--name",
          "gate",
        ] as const,
      );
      await booted.ask("rm", "-r", "/var/lib/mail-of-a-test");
      assertEquals(
        pathsIn(await listingOf(booted)),
        pathsIn(before),
      );
    }),
);

/** Of `find -ls`: mode, owner and path. */
const pathsIn = (listing: string) =>
  listing.split("\n").map((line) => {
    const words = line.trim().split(/\s+/);
    return [words[2], words[4], ...words.slice(10)].join(" ");
  }).sort();
