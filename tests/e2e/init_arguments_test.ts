/**
 * Whatever is in an argument of serve: it comes as it was given, by each
 * supervisor's own way of writing it down, or is refused when that is written.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { needingBoot, withBooted } from "../support/booted_systemd.ts";
import {
  inFolder,
  needing,
  output,
  peer,
  postern,
  until,
} from "../support/peers.ts";
import { OwnMachine } from "../support/own_machine.ts";
import { freePort } from "../support/relays.ts";
import { isRefused } from "../support/supervising.ts";

/** What means something to a shell, to systemd, or to who reads lines. */
const odd = [
  ...["", " ", "  a  b ", "\t", "\n", "one\ntwo\n", "\r\n", "\x01\x1b\x7f"],
  ...["$", "$$", "$HOME", "${HOME}", "$(id)", "`id`", "\\$HOME", "$1 $@ $*"],
  ...['"', "'", "''", "it's", `'"'"'`, '"a b"', "\\", "\\\\", "a\\", "\\'"],
  ...["%", "%%", "%n", "%h/%i", "\\x41", "\\n", "\\101", "\\\n"],
  ...[";", ";;", "a;b", "a|b", "&", "&&", "<", ">x", "(", ")", "{a,b}", "*"],
  ...["?", "[a]", "~", "~root", "#", "# x", "!", "!!", "^", "=", "@x", ":"],
  ...["-", "--", "-x", "+", "|", "\u00e9", "\u65e5\u672c\u8a9e", "\u{1f4ee}"],
  ...["\u00a0", "\u2028", "\u0085", "\ufeffx", "${x:-y}", "$'a'", "\\\\'"],
];

/** Of an executable: all that a path may have. */
const oddName = 'po st\'er`n "%n" \\x41 $HOME # \u00e9;';

/** Stands for postern: says how it was called, and stays. */
const fake = (dump: string) =>
  `#!/bin/sh
[ "$1" = serve ] || exec cat >/dev/null
for word; do printf '%s\\0' "$word"; done >'${dump}.new'
mv '${dump}.new' '${dump}'
for fd in 3 5; do
  [ ! -w "/proc/self/fd/$fd" ] || eval "echo >&$fd" 2>/dev/null
done
exec sleep 60
`;

/** A TextDecoder of the usual kind takes a mark at the front away. */
const textOf = (bytes: Uint8Array) =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

interface Stage {
  readonly folder: string;
  readonly exec: string;
  wasStarted(): boolean;
  /** What was said behind serve, as far as it is the user's; once. */
  heard(): Promise<string[]>;
}

async function onStage(fn: (stage: Stage) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const exec = `${folder}/${oddName}`, dump = `${folder}/dump`;
    await Deno.writeTextFile(exec, fake(dump));
    await Deno.chmod(exec, 0o755);
    const heard = async () => {
      const words = (await Deno.readTextFile(dump)).split("\0").slice(0, -1);
      await Deno.remove(dump);
      return words.slice(-wanted.length);
    };
    const wasStarted = () =>
      [...Deno.readDirSync(folder)].some(({ name }) => name === "dump");
    await fn({ folder, exec, heard, wasStarted });
  });
}

const front = ["-l", "$h`\"'\\% \u00e9", "127.0.0.1", "2525", "/bin/true"];

const wanted = [...front, ...odd];

const print = (kind: string, { folder, exec }: Stage, ...more: string[]) =>
  output(postern, [
    ...["init-script", "--for", kind, "--name", "test-words"],
    ...["--exec", exec, "--run-dir", `${folder}/run $x`, ...more, ...wanted],
  ], { cwd: folder });

const shells = [["dash"], ["bash", "--posix"], ["busybox", "sh"]];

/** What openrc-run has for a script, as far as ours wants it. */
const ofOpenrc = "ebegin() { :; }; eend() { return $1; }; " +
  'RC_SVCNAME=test-words; RC_CMD=$2; . "$1"; "$2"';

for (const [name, ...args] of shells) {
  Deno.test(
    needing({ peers: [name] }, `sysv and openrc by ${name}: words as they are`),
    () =>
      onStage(async (stage) => {
        const path = `${stage.folder}/init`;
        for (
          const [kind, before] of [
            ["sysv", []],
            ["openrc", ["-c", ofOpenrc, "sh"]],
          ] as const
        ) {
          const made = await print(kind, stage);
          assertEquals([made.code, made.stderr], [0, ""]);
          await Deno.writeTextFile(path, made.stdout);
          const call = (verb: string) =>
            output(peer(name)!, [...args, ...before, path, verb]);
          try {
            const { code, stderr } = await call("start");
            assertEquals([code, stderr], [0, ""]);
            assertEquals(await stage.heard(), wanted);
          } finally {
            await call("stop");
          }
        }
      }),
  );

  Deno.test(
    needing(
      { peers: [name] },
      `runit, daemontools and s6 by ${name}: words as they are`,
    ),
    () =>
      onStage(async (stage) => {
        for (const kind of ["runit", "daemontools", "s6"]) {
          const root = `${stage.folder}/${kind}`;
          const made = await print(kind, stage, "--root", root, "--install");
          assertEquals([made.code, made.stderr], [0, ""]);
          const run = new Deno.Command(peer(name)!, {
            args: [...args, `${root}/etc/sv/test-words/run`],
            stdout: "null",
            stderr: "null",
          }).spawn();
          await until("it is started", stage.wasStarted);
          run.kill();
          await run.status;
          assertEquals(await stage.heard(), wanted, kind);
        }
      }),
  );
}

Deno.test(
  needingBoot("systemd: words as they are"),
  () =>
    withBooted(async (booted) => {
      // It starts nothing of another path, which is refused.
      const exec = `/usr/local/bin/${oddName.replaceAll(/["'\\$]/g, "")}`;
      const given = ["-u", "mail", ...wanted];
      const says = `#!/bin/sh
shift
for word; do printf '%s\\0' "$word"; done | base64 -w0
echo
`;
      await booted.write(exec, says, "755");
      const { stdout } = await output(postern, [
        ...["init-script", "--for", "systemd", "--exec", exec, ...given],
      ]);
      const [, unit] = stdout.split(/^# \/.*\.service .*\n/m);
      const [service] = unit.split(/^# \/.*\.socket .*\n/m);
      await booted.write(
        "/etc/systemd/system/says.service",
        service.replace("Type=notify", "Type=oneshot").replace(
          /^Requires=.*/m,
          "",
        ),
      );
      await booted.ask("systemctl", "daemon-reload");
      await booted.ask("systemctl", "start", "says");
      const lines = (await booted.journal("says")).split("\n");
      const said = lines.find((line) => /^[\w+/=]{99,}$/.test(line))!;
      const bytes = Uint8Array.from(atob(said), (each) => each.charCodeAt(0));
      assertEquals(textOf(bytes).split("\0").slice(0, -1), given);
    }),
);

for (
  const [name, kind, ...args] of [
    ["inetd", "inetd", "-i", "/etc/inetd.conf"],
    ["inetutils-inetd", "inetd", "-d", "/etc/inetd.conf"],
    ["xinetd", "xinetd", "-dontfork", "-pidfile", "/run/xinetd.pid"],
  ]
) {
  Deno.test(
    needing({ peers: [name], root: true }, `${name}: as they are, or refused`),
    () =>
      OwnMachine.with(async (machine) => {
        const says = "/run/says";
        const code =
          `printf '#!/bin/sh\nfor word; do printf "%%s\\\\0" "$word"; done\n' >${says}; chmod 755 ${says}`;
        await machine.sh(code);
        const put = (name: string, port: number, words: readonly string[]) =>
          machine.run(
            ...[postern, "init-script", "--for", kind, "--name", name],
            ...["--install", "127.0.0.1", `${port}`, says, ...words],
          );
        const { code: refused, stderr } = await put("probe", 2525, odd);
        assertEquals(refused, 100);
        const fits = odd.filter((word) =>
          !stderr.includes(`${JSON.stringify(word)}: ${kind} has no way`)
        );
        const services: { port: number; words: string[] }[] = [];
        for (let from = 0; from < fits.length; from += 12) {
          const port = freePort(),
            words = ["-", ...fits.slice(from, from + 12), "-"];
          const { code, stderr } = await put(`s${from}`, port, words);
          assertEquals([code, stderr], [0, ""]);
          services.push({ port, words });
        }
        machine.start(peer(name)!, ...args);
        for (const { port, words } of services) {
          await until("it listens", async () => !await isRefused(port));
          const conn = await Deno.connect({ port });
          const said = await new Response(conn.readable).arrayBuffer();
          assertEquals(
            textOf(new Uint8Array(said)).split("\0").slice(0, -1),
            words,
          );
        }
        assert(fits.length > odd.length / 3, "most are no matter");
      }),
  );
}
