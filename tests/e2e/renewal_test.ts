/**
 * A certificate whose key only root may read, renewed as certbot does it: under
 * `live` are links to files under `archive`, which are replaced. The gate has
 * given up root by then.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { makeCertificate } from "../support/certificate.ts";
import { type TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, output, until } from "../support/peers.ts";
import { childrenOf } from "../support/processes.ts";

const needs = { root: true, peers: ["openssl"] };
const uid = 65534;
const serve = ["-R", "-H", "-l", "here", "-u", `${uid}`, "-g", `${uid}`];
const local = ["127.0.0.1", "0"];

class Certbot {
  #number = 0;

  constructor(readonly folder: string) {}

  get paths(): { cert: string; key: string } {
    const live = `${this.folder}/live/here`;
    return { cert: `${live}/fullchain.pem`, key: `${live}/privkey.pem` };
  }

  /** Makes one, and lets the links lead to it; to another's key if `broken`. */
  async renew(name: string, broken = false): Promise<void> {
    const { folder } = this;
    const archive = `${folder}/archive/here`, live = `${folder}/live/here`;
    for (const path of [archive, live]) {
      await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    }
    const { certPath, keyPath } = await makeCertificate(folder, name);
    const other = broken ? await makeCertificate(folder, "other") : null;
    const number = ++this.#number;
    for (
      const [kind, from] of [
        ["privkey", other?.keyPath ?? keyPath],
        ["fullchain", certPath],
      ]
    ) {
      const file = `${kind}${number}.pem`;
      await Deno.copyFile(from, `${archive}/${file}`);
      await Deno.chmod(`${archive}/${file}`, 0o600);
      await Deno.symlink(`../../archive/here/${file}`, `${live}/next`);
      await Deno.rename(`${live}/next`, `${live}/${kind}.pem`);
    }
  }
}

/** Whose certificate a client is shown. */
async function shown(gate: TestGate, starttls: boolean) {
  const { stdout } = await output("openssl", [
    ...["s_client", "-connect", `127.0.0.1:${gate.port}`],
    ...starttls ? ["-starttls", "smtp"] : [],
  ], { stdin: "QUIT\r\n" });
  return /^subject=CN = (\S+)$/m.exec(stdout)?.[1];
}

const ways = [
  ["TLS at once", false, []],
  ["STARTTLS, two workers", true, ["--workers", "2"]],
  ["STARTTLS, not confined", true, ["--no-confine"]],
] as const;

async function isRenewed([, starttls, more]: typeof ways[number]) {
  await inFolder(async (folder) => {
    await Deno.chmod(folder, 0o755);
    const certbot = new Certbot(folder);
    await certbot.renew("first");
    const { cert, key } = certbot.paths;
    const tls = ["--tls-cert", cert, "--tls-key", key];
    const smtpd = ["smtpd", "--me", "here", "--deliver", "discard"];
    const args = starttls
      ? [...serve, ...more, ...local, ...smtpd, ...tls]
      : [...serve, ...more, ...tls, ...local, ...smtpd];
    await withGate(args, {}, async (gate) => {
      const becomes = (wanted: string) =>
        until(
          `${wanted} is shown`,
          async () => await shown(gate, starttls) === wanted,
        );
      await becomes("first");
      const serving = childrenOf(gate.child.pid);
      for (const pid of serving) {
        const status = await Deno.readTextFile(`/proc/${pid}/status`);
        assertMatch(status, RegExp(`^Uid:(\t${uid}){4}$`, "m"));
      }

      await certbot.renew("second");
      gate.child.kill("SIGHUP");
      await becomes("second");
      await certbot.renew("third"); // and nobody says so
      await becomes("third");

      await certbot.renew("fourth", true);
      await gate.logged(/the old certificate stays/);
      assertMatch(gate.log, /privkey\.pem is another certificate's/);
      assertEquals(await shown(gate, starttls), "third");
      await certbot.renew("fifth");
      gate.child.kill("SIGHUP");
      await becomes("fifth");
      assertEquals(childrenOf(gate.child.pid), serving, "no restart");
      assertEquals((await gate.stop()).code, 0);
    });
  });
}

Deno.test(
  needing(needs, `root's key is renewed: ${ways.map(([name]) => name)}`),
  async () => void await Promise.all(ways.map(isRenewed)),
);

Deno.test(
  needing(needs, "no process more where the ids may read it"),
  () =>
    inFolder(async (folder) => {
      await Deno.chmod(folder, 0o755);
      const { certPath, keyPath } = await makeCertificate(folder);
      await Deno.chmod(keyPath, 0o644);
      const tls = ["--tls-cert", certPath, "--tls-key", keyPath];
      const args = [...serve, ...tls, ...local, "smtpd", "--me", "here"];
      await withGate(args, { cwd: "/" }, async (gate) => {
        assertEquals(await shown(gate, false), "server");
        assertEquals(childrenOf(gate.child.pid), []);
      });
    }),
);
