/**
 * The script for OpenRC, run by OpenRC itself: in namespaces of its own, where
 * it has a /run and an /etc that are nobody else's.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { freePort, plain } from "../support/init_script.ts";
import { inFolder, needing, output, peer, postern } from "../support/peers.ts";

/**
 * Its process 1 is a shell, which reaps. `net` is provided by nobody there, so
 * dependencies are left aside.
 */
const world = `
set -e
mount -t tmpfs none /run
mkdir -p /run/openrc
for each in daemons exclusive failed hotplugged inactive options started \\
  starting stopping scheduled wasinactive tmp; do mkdir /run/openrc/$each; done
touch /run/openrc/softlevel
cp -a /etc "$FOLDER/etc"
mount --bind "$FOLDER/etc" /etc
mkdir -p /var/lib/postern
mount -t tmpfs none /var/lib/postern
set +e
listing() {
  (cd /etc && find . -printf '%P %y %m %l %U:%G\\n' &&
    find . -type f -exec cksum {} +) | sort
}
rc() { rc-service --nodeps test-smtpd "$@"; echo "$* ended with $?"; }
`;

/** What a script in that world says, line by line. */
async function inWorld(script: string): Promise<string> {
  let said = "";
  await inFolder(async (folder) => {
    const { stdout, stderr } = await output("unshare", [
      ...["--mount", "--pid", "--fork", "--mount-proc"],
      ...["/bin/bash", "-c", world + script],
    ], { env: { FOLDER: folder, POSTERN: postern } });
    said = stdout + stderr;
  });
  return said;
}

const needs = { root: true, peers: ["openrc-run", "unshare", "rc-service"] };

Deno.test(
  needing(needs, "OpenRC starts it, asks it, reloads it and stops it"),
  async () => {
    const line = plain(freePort()).join(" ");
    const said = await inWorld(`
listing >"$FOLDER/before"
"$POSTERN" init-script --detect
"$POSTERN" init-script --name test-smtpd --install ${line}
readlink /etc/runlevels/default/test-smtpd
rc status; rc start; rc status; rc reload; rc restart; rc status
rc-status default | grep test-smtpd
"$POSTERN" init-script --name test-smtpd --uninstall; echo "uninstall $?"
kill -KILL "$(cat /run/test-smtpd.pid)"
while rc status >/dev/null; [ -d "/proc/$(cat /run/test-smtpd.pid)" ]; do :; done
rc-status default | grep test-smtpd
rc status; rc restart; rc status
"$POSTERN" init-script --name test-smtpd --install ${line} --tls-cert /x
rc restart; rc status; rc stop; rc status
ls -A /run
"$POSTERN" init-script --name test-smtpd --uninstall >/dev/null
listing | diff "$FOLDER/before" - && echo as before
`);
    const wanted = [
      /^openrc: \/run\/openrc\/softlevel is there$/m,
      /^\/etc\/init\.d\/test-smtpd$/m,
      ...["status ended with 3", "start ended with 0", "status ended with 0"],
      ...["reload ended with 0", "restart ended with 0", "status ended with 0"],
      /test-smtpd +\[ +started +\]/,
      /uninstall 100/,
      /test-smtpd +\[ +crashed +\]/,
      ...["status ended with 32", "restart ended with 0"],
      "status ended with 0",
      // The next one would not start; OpenRC calls that no failure.
      ...["restart ended with 0", "status ended with 0"],
      ...["stop ended with 0", "status ended with 3"],
      /^as before$/m,
    ];
    let rest = said;
    for (const each of wanted) {
      const at = rest.search(each);
      if (at < 0) throw new Error(`no ${each} in its place in:\n${said}`);
      rest = rest.slice(at + 1);
    }
    assertMatch(said, /test-smtpd is running: stop it first/);
    assertMatch(said, /the old one goes on/);
  },
);

Deno.test(
  needing({ peers: ["shellcheck"] }, "the script for OpenRC is clean"),
  () =>
    inFolder(async (folder) => {
      const { stdout, code } = await output(postern, [
        ...["init-script", "--for", "openrc", "--name", "test-smtpd"],
        ...plain("25"),
      ]);
      assertEquals(code, 0);
      assertMatch(stdout, /^#!\/sbin\/openrc-run\n/);
      await Deno.writeTextFile(`${folder}/script`, stdout);
      const lint = await output(peer("shellcheck")!, [`${folder}/script`]);
      assertEquals(lint.stdout, "");
    }),
);
