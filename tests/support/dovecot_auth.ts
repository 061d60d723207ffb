/**
 * The auth service of a Dovecot of a test's own, with users of all kinds.
 *
 * @module
 */
import { output, peer, until } from "./peers.ts";
import { freePort } from "./relays.ts";

export const dovecotAuthPeers = ["dovecot", "doveadm"];

export interface DovecotAuth {
  /** Of its socket. */
  readonly path: string;
  /** The same by TCP. */
  readonly port: number;
  readonly log: () => string;
  /** Ends it, and starts another one in its place. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** The processes that answer. */
  pids(): Promise<number[]>;
}

/** A user's line, without its hash. */
export interface DovecotUser {
  readonly scheme: string;
  /** Extra fields. */
  readonly fields?: string;
}

const hashes = new Map<string, Promise<string>>();

/** Of `x`; made once, since good ones take their time. */
function hashOf(scheme: string): Promise<string> {
  const known = hashes.get(scheme);
  if (known) return known;
  const args = ["pw", "-s", scheme, "-p", "x"];
  const made = output(peer("doveadm")!, args).then(({ stdout, stderr }) => {
    if (stdout === "") throw new Error(stderr);
    return stdout.trim();
  });
  hashes.set(scheme, made);
  return made;
}

/**
 * Runs `fn` while it runs. All passwords are `x`; master users' are `m`.
 *
 * @param more of its configuration
 */
export async function withDovecotAuth(
  folder: string,
  users: Readonly<Record<string, DovecotUser>>,
  fn: (dovecot: DovecotAuth) => Promise<void>,
  more = "",
): Promise<void> {
  const port = freePort();
  let passwd = "";
  for (const [name, { scheme, fields = "" }] of Object.entries(users)) {
    passwd += `${name}:${await hashOf(scheme)}::::::${fields}\n`;
  }
  await Deno.writeTextFile(`${folder}/users`, passwd);
  await Deno.writeTextFile(`${folder}/masters`, "boss:{PLAIN}m\n");
  await Deno.writeTextFile(
    `${folder}/dovecot.conf`,
    `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
ssl = no
protocols =
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 external anonymous
auth_master_user_separator = *
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = ${folder}/masters
  master = yes
  result_success = continue
}
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/tmp
}
service auth {
  unix_listener gate {
    mode = 0666
  }
  inet_listener {
    address = 127.0.0.1
    port = ${port}
  }
}
# Who has guessed wrong would have to wait.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
${more}
`,
  );
  const path = `${folder}/run/gate`;
  let child: Deno.ChildProcess | null = null;
  const log = () => {
    try {
      return Deno.readTextFileSync(`${folder}/log`);
    } catch {
      return ""; // it has said nothing
    }
  };
  const start = async () => {
    child = new Deno.Command(peer("dovecot")!, {
      args: ["-F", "-c", `${folder}/dovecot.conf`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until("Dovecot listens", async () => {
      try {
        (await Deno.connect({ transport: "unix", path })).close();
        return true;
      } catch {
        return false;
      }
    });
  };
  const pids = async () => {
    const args = ["-P", `${child!.pid}`, "-f", "dovecot/auth"];
    const { stdout } = await output(peer("pgrep")!, args);
    return stdout.trim().split("\n").filter(Boolean).map(Number);
  };
  const stop = async () => {
    const running = child;
    // They outlive it as long as they have clients.
    const left = running ? await pids() : [];
    child = null;
    try {
      running?.kill("SIGTERM");
    } catch {
      // It has ended by itself, and has said why.
    }
    await running?.status;
    for (const pid of left) {
      try {
        Deno.kill(pid, "SIGTERM");
      } catch {
        // It has ended with it.
      }
    }
  };
  await start();
  try {
    await fn({
      path,
      port,
      log,
      start,
      stop,
      async restart() {
        await stop();
        await start();
      },
      pids,
    });
  } catch (error) {
    throw new Error(`Dovecot said:\n${log().slice(-4000)}`, { cause: error });
  } finally {
    await stop();
  }
}
