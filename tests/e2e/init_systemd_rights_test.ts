/**
 * The generated units, under a real systemd: what they leave to a service is
 * enough for it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { commandWord } from "../../lib/service/systemd_words.ts";
import {
  type Booted,
  needingBoot,
  withBooted,
} from "../support/booted_systemd.ts";
import { makeCertificate } from "../support/certificate.ts";
import { inFolder, until } from "../support/peers.ts";
import {
  executable,
  install,
  mailIn,
  mainPid,
  send,
  statusOf,
  withPostern,
} from "../support/systemd_service.ts";

const fingerprint = (booted: Booted, port: number) =>
  booted.ask(
    ...["sh", "-c"] as const,
    `openssl s_client -connect 127.0.0.1:${port} </dev/null 2>/dev/null | ` +
      "openssl x509 -noout -fingerprint",
  );

Deno.test(
  needingBoot("a file with two blocks, and a key that is root's alone"),
  () =>
    inFolder((folder) =>
      withPostern(async (booted) => {
        const put = async (name: string) => {
          const { keyPath, cert } = await makeCertificate(folder, name);
          await booted.write("/etc/gates/mx.crt", cert);
          const key = await Deno.readTextFile(keyPath);
          await booted.write("/etc/gates/mx.key", key, "600");
        };
        await put("one");
        const block = (port: number, more: string) =>
          `[[listen]]\nhost = "127.0.0.1"\nport = ${port}\n${more}program = ` +
          `["smtpd", "--me", "localhost", "--maildir", "/var/lib/gates/Maildir"]\n`;
        const tls = 'tls-cert = "/etc/gates/mx.crt"\n' +
          'tls-key = "/etc/gates/mx.key"\n';
        const top = 'uid = "mail"\nverbose = true\nremote-info = false\n' +
          'pidfile = "/run/gates/gate.pid"\nmetrics = "unix:/run/gates/look"\n' +
          'mail-log = "/var/log/gates/mail.log"\n';
        const path = "/etc/gates/gate.toml";
        await booted.write(path, top + block(25, "") + block(465, tls));
        const named = ["--for", "systemd", "--install", "--name", "gate"];
        const args = ["init-script", ...named, "--config", path];
        await booted.ask(executable, ...args);
        await booted.ask("systemctl", "start", "gate");
        await send(booted, 25);
        assertEquals(await mailIn(booted, "/var/lib/gates/Maildir"), 1);
        const pid = await mainPid(booted, "gate");
        assertEquals(
          await booted.ask("cat", "/run/gates/gate.pid"),
          `${pid}\n`,
        );
        await until("the mail log", async () => {
          const log = await booted.ask("cat", "/var/log/gates/mail.log");
          return /message\.stored /.test(log);
        });
        assertEquals(
          await booted.ask("stat", "-c", "%U %F", "/run/gates/look"),
          "mail socket\n",
        );

        const first = await fingerprint(booted, 465);
        assertMatch(first, /Fingerprint=/);
        // What is broken does not take the place of what is good.
        await booted.write("/etc/gates/mx.crt", "no certificate\n");
        await booted.ask("systemctl", "reload", "gate");
        await until(
          "it has said so",
          async () =>
            /the old certificate stays/.test(await booted.journal("gate")),
        );
        assertEquals(await fingerprint(booted, 465), first);
        await put("two");
        await booted.ask("systemctl", "reload", "gate");
        await until(
          "the new one is there",
          async () => await fingerprint(booted, 465) !== first,
        );
        assertEquals(await mainPid(booted, "gate"), pid);
        await booted.ask("systemctl", "stop", "gate");
        assertEquals(
          await booted.property("gate.service", "Result"),
          "success",
        );

        // What stays wrong is not tried again and again.
        await booted.write(path, top + block(25, "nonsense = 1\n"));
        assertEquals((await booted.run("systemctl", "start", "gate")).code, 1);
        assertEquals(
          await booted.ask("systemctl", "is-failed", "gate"),
          "failed\n",
        );
        assertMatch(await booted.journal("gate"), /nonsense/);

        // Without such a key the socket unit may bind in its place.
        await booted.write(path, top + block(25, "") + block(587, ""));
        await booted.ask(executable, ...args);
        await booted.ask("systemctl", "start", "gate.socket");
        await send(booted, 587);
        await send(booted, 25);
        assertEquals(await mailIn(booted, "/var/lib/gates/Maildir"), 3);
        assertEquals(
          await booted.property("gate.service", "ActiveState"),
          "active",
        );
      })
    ),
);

Deno.test(
  needingBoot("root that delivers into homes, by workers"),
  () =>
    withPostern(async (booted) => {
      await booted.ask("useradd", "--create-home", "--uid", "7001", "anna");
      await install(booted, "gate", ...[
        ...["--workers", "2", "127.0.0.1", "25", "smtpd", "--me", "localhost"],
        ...["--maildir", "/home/{user}/Maildir", "--create-mailboxes", "--spf"],
      ]);
      await send(booted, 25, "anna@localhost");
      assertEquals(await mailIn(booted, "/home/anna/Maildir"), 1);
      assertEquals(
        await booted.ask(
          ...["sh", "-c"] as const,
          "stat -c %U /home/anna/Maildir/new/*",
        ),
        "anna\n",
      );
      const { CapBnd } = await statusOf(booted, await mainPid(booted, "gate"));
      // CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, KILL, SETGID, SETUID and
      // NET_BIND_SERVICE.
      assertEquals(CapBnd, "00000000000004ef");
      const helper = (await booted.ask("pgrep", "--full", "^postern ")).trim();
      assertEquals(
        await booted.ask("stat", "-c", "%u", `/proc/${helper.split("\n")[0]}`),
        "65534\n",
      );
      assert(!/unable to/.test(await booted.journal("gate")));
      await booted.ask("systemctl", "reload", "gate");
      await booted.ask("systemctl", "restart", "gate");
      await send(booted, 25, "anna@localhost");
      await booted.ask("systemctl", "stop", "gate");
      assertEquals(await booted.property("gate.service", "Result"), "success");
    }),
);

Deno.test(
  needingBoot("a program gets what it is to have, and outlives the gate"),
  () =>
    withPostern(async (booted) => {
      const id = "/usr/local/qmail/bin/id";
      await booted.ask(
        "install",
        "-D",
        "-m",
        "4755",
        "-o",
        "mail",
        "/usr/bin/id",
        id,
      );
      const program = "/usr/local/qmail/bin/program";
      await booted.write(
        program,
        `#!/bin/sh\n${id} -u\necho $PATH\ntouch /usr/local/qmail/made && echo made\n` +
          "touch /usr/made 2>/dev/null || echo closed\nread -r line\n" +
          'echo "$line"\n',
        "755",
      );
      await install(booted, "gate", "-u", "daemon", "127.0.0.1", "25", program);
      await booted.ask("chmod", "777", "/usr/local/qmail");
      const code = `
import socket, subprocess
c = socket.create_connection(("127.0.0.1", 25), 20)
f = c.makefile("rb")
print(b"".join(f.readline() for _ in range(4)).decode())
subprocess.run(["systemctl", "stop", "gate.service", "gate.socket"], check=True)
c.sendall(b"still here\\n")
print(f.readline().decode())
`;
      assertEquals(
        (await booted.ask("python3", "-c", code)).trim().split(/\n+/),
        [
          "8",
          "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          ...["made", "closed", "still here"],
        ],
      );
    }),
);

Deno.test(
  needingBoot("a command line comes as it was written"),
  () =>
    withBooted(async (booted) => {
      const parts = [
        "%",
        "%%",
        "%h",
        "$",
        "$$",
        "$HOME",
        "${HOME}",
        ";",
        "\\",
        "x",
      ]
        .concat([
          "'",
          '"',
          " ",
          "\t",
          "\n",
          "\r",
          "\x01",
          "\x7f",
          "#",
          "é",
          "-",
          "\\n",
        ]);
      const words = [...parts, ""];
      for (let i = 0; i < 300; i++) {
        const picked = Array.from(
          { length: 1 + i % 5 },
          (_, k) => parts[(i * 7 + k * (i % 11 + 3) + (i >> 3)) % parts.length],
        );
        words.push(picked.join(""));
      }
      const code =
        "import sys; open('/run/words', 'w').write(chr(0).join(sys.argv[1:]))";
      const line = ["/usr/bin/python3", "-c", code, ...words].map(commandWord);
      await booted.write(
        "/etc/systemd/system/words.service",
        `[Service]\nType=oneshot\nEnvironment=PYTHONUTF8=1\nExecStart=${
          line.join(" ")
        }\n`,
      );
      await booted.ask("systemctl", "daemon-reload");
      await booted.ask("systemctl", "start", "words");
      assertEquals(
        (await booted.ask("cat", "/run/words")).split("\0"),
        words,
      );
    }),
);
