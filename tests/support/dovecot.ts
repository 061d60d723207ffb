/**
 * A Dovecot of a test's own: LMTP on a port and on a socket, two users, of whom
 * one has no room.
 *
 * @module
 */
import { output, peer, until } from "./peers.ts";
import { freePort } from "./relays.ts";

export const dovecotPeers = ["dovecot"];

export interface Dovecot {
  readonly port: number;
  readonly path: string;
  /** Of the process whose children do the work. */
  readonly pid: number;
  /** The messages of a user. */
  stored(user: string): string[];
}

const nobody = 65534;
/** Of the user who has no room. */
const quotaBytes = 10_000;

/** Runs `fn` while it runs; `ann` has room, `full` has none. */
export async function withDovecot(
  folder: string,
  fn: (dovecot: Dovecot) => Promise<void>,
): Promise<void> {
  const port = freePort();
  const home = (user: string) => `${folder}/mail/${user}`;
  for (const part of ["new", "cur", "tmp"]) {
    await Deno.mkdir(`${home("full")}/Maildir/${part}`, { recursive: true });
  }
  await Deno.mkdir(home("ann"));
  const big = "Subject: big\n\n" + `${"x".repeat(70)}\n`.repeat(200);
  await Deno.writeTextFile(`${home("full")}/Maildir/new/1.big`, big);
  const owned = await output("chown", ["-R", `${nobody}`, `${folder}/mail`]);
  if (owned.code !== 0) throw new Error(owned.stderr);
  const user = (name: string, more = "") =>
    `${name}:{PLAIN}x:${nobody}:${nobody}::${home(name)}::${more}\n`;
  await Deno.writeTextFile(
    `${folder}/users`,
    user("ann") +
      user("full", `userdb_quota_rule=*:bytes=${quotaBytes}`),
  );
  await Deno.writeTextFile(
    `${folder}/dovecot.conf`,
    `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
ssl = no
protocols = lmtp
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_plugins = quota
auth_username_format = %n
lmtp_rcpt_check_quota = yes
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = passwd-file
  args = ${folder}/users
}
plugin {
  quota = maildir:User
}
service lmtp {
  inet_listener {
    address = 127.0.0.1
    port = ${port}
  }
  unix_listener lmtp {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
`,
  );
  const child = new Deno.Command(peer("dovecot")!, {
    args: ["-F", "-c", `${folder}/dovecot.conf`],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  const path = `${folder}/run/lmtp`;
  try {
    await until("Dovecot listens", async () => {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return true;
      } catch {
        return false;
      }
    });
    await fn({
      port,
      path,
      pid: child.pid,
      stored(user) {
        const files = `${home(user)}/Maildir/new`;
        try {
          return [...Deno.readDirSync(files)]
            .map(({ name }) => Deno.readTextFileSync(`${files}/${name}`));
        } catch {
          return []; // there is none yet
        }
      },
    });
  } catch (error) {
    const log = await Deno.readTextFile(`${folder}/log`).catch(() => "");
    throw new Error(`Dovecot said:\n${log.slice(-4000)}`, { cause: error });
  } finally {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself, and has said why.
    }
    await child.status;
    await said;
  }
}
