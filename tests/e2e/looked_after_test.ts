/**
 * What somebody types who installs a gate, changes it, and takes it away: each
 * step says the next one.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { doctor } from "../support/doctor.ts";
import { needingBoot } from "../support/booted_systemd.ts";
import { withExecutable } from "../support/guide_machines.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";

Deno.test(
  needingBoot("installed, changed, stopped and taken away, as it says"),
  () =>
    withExecutable(async (booted) => {
      const said = async (line: string, code = 0) => {
        const { stdout, stderr, ...ended } = await booted.run(
          ...["sh", "-c", `cd /root; ${line}`] as const,
        );
        assertEquals(ended.code, code, `${line}: ${stdout}${stderr}`);
        return stdout + stderr;
      };
      const serve = "serve -v --uid mail --gid mail 127.0.0.1 2525 smtpd " +
        "--me mx.example.org --rcpthosts example.org " +
        "--maildir '/var/mail/{domain}/{user%+}/Maildir'";
      await said("./postern install");
      await said("rm -rf /var/mail/*.example /var/mail/*.org");
      const nobody = await said(`postern doctor postern ${serve}`, 1);
      assertMatch(nobody, /nobody has a mailbox yet/);
      assertMatch(nobody, /-> install -d -o 8 -g 8 \/var\/mail\/NAME\/NAME/);
      await said("install -d -o mail -g mail /var/mail/example.org/ann");
      await said(`postern doctor postern ${serve}`);

      const unpacked = await said(
        `./postern init-script --install --dry-run postern ${serve}`,
      );
      assertMatch(unpacked, /^would run systemctl daemon-reload$/m);
      const first = await said(`postern init-script --install ${serve}`);
      const start = /^start it: (.*)$/m.exec(first)![1];
      await said(start);
      // An init script that a unit of its name hides is none.
      await said(
        "printf '#!/bin/sh\\npostern serve 0 smtp smtpd &\\n' >/etc/init.d/smtpd",
      );
      assertMatch(
        await said("postern doctor /etc/systemd/system/smtpd.service"),
        /0 errors, 0 warnings/,
      );
      const all = await booted.run("postern", "doctor");
      assertEquals(all.stdout.includes("/etc/init.d/smtpd"), false, all.stdout);
      await said("rm /etc/init.d/smtpd");

      const again = await said(
        `postern init-script --install --description other ${serve}`,
      );
      const anew = /^it runs as it was before; start it anew: (.*)$/m
        .exec(again)![1];
      await said(anew);
      assertEquals(
        await booted.property("smtpd.service", "Description"),
        "other",
      );
      const busy = await said("postern init-script --uninstall", 100);
      await said("postern install-links /usr/local/bin");
      assertMatch(
        await said("postern install --uninstall", 100),
        /first postern init-script --uninstall --name smtpd$/m,
      );
      await said(/stop it first: (.*)$/m.exec(busy)![1]);
      await said("postern init-script --uninstall --name smtpd");
      await said("postern install --uninstall");
      await said("test ! -e /usr/local/bin/tcpserver");
    }),
);

Deno.test(
  needing({}, "install-links leaves links that lead here, whatever they say"),
  () =>
    inFolder(async (folder) => {
      const install = ["install", "--to", folder];
      assertEquals((await output(postern, install)).code, 0);
      const own = `${folder}/postern`;
      const { stdout } = await output(own, ["install-links", folder]);
      assertMatch(stdout, /^\S+\/tcpserver is there already$/m);
      assertEquals(await Deno.readLink(`${folder}/tcpserver`), "postern");
      const gone = await output(own, [...install, "--uninstall"]);
      assertEquals([gone.code, gone.stderr], [0, ""]);
      assertEquals([...Deno.readDirSync(folder)], []);
    }),
);

Deno.test(
  needing({ root: true }, "doctor does not say so where somebody has one"),
  () =>
    inFolder(async (folder) => {
      await Deno.chmod(folder, 0o755);
      const line = ["--uid", "65534", "--gid", "65534", "127.0.0.1", "0"];
      const smtpd = ["smtpd", "--me", "localhost", "--rcpthosts", "localhost"];
      const maildir = `${folder}/{domain}/{user}/Maildir`;
      const ask = async () =>
        (await doctor([...line, ...smtpd, "--maildir", maildir])).findings
          .filter(({ look }) => look === "mailbox");
      const [nobody] = await ask();
      assertMatch(nobody.what, /nobody has a mailbox yet/);
      assertEquals(nobody.where, folder);
      await Deno.mkdir(`${folder}/localhost/ann`, { recursive: true });
      assertEquals(await ask(), []);
    }),
);
