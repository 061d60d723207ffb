/**
 * An rspamd of a test's own: it does to a message what its X-Want says, and
 * knows GTUBE.
 *
 * @module
 */
import { until } from "./peers.ts";
import { freePort } from "./relays.ts";

export const rspamdPeers = ["rspamd"];

/** What reaches its reject action by itself. */
export const gtube =
  "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

export interface Rspamd {
  /** Of the worker that scans. */
  readonly port: number;
  /** Of the worker that is a milter. */
  readonly milterPort: number;
  /** Of the process whose children do the work. */
  readonly pid: number;
  /** What its rule has seen of the last message, a line for each thing. */
  seen(): string;
}

const rules = (folder: string) => `
rspamd_config:register_symbol({
  name = 'WANT',
  type = 'prefilter',
  callback = function(task)
    local seen = io.open('${folder}/seen', 'w')
    local function say(name, value)
      seen:write(name .. '=' .. tostring(value) .. '\\n')
    end
    say('ip', task:get_from_ip())
    say('helo', task:get_helo())
    say('user', task:get_user())
    say('queue', task:get_queue_id())
    for _, each in ipairs(task:get_from('smtp') or {}) do say('from', each.addr) end
    for _, each in ipairs(task:get_recipients('smtp') or {}) do say('rcpt', each.addr) end
    say('size', task:get_size())
    seen:close()
    if task:get_header('X-Reply') then
      task:set_milter_reply({
        add_headers = {
          ['X-Added'] = 'one',
          ['X-First'] = { value = 'two\\n\\tthree', order = 0 },
        },
        remove_headers = { ['X-Bad'] = 0 },
      })
    end
    local want = task:get_header('X-Want')
    if want then task:set_pre_result(want, 'because of X-Want') end
  end,
})
`;

/** Runs `fn` while it runs, in a folder that is its own. */
export async function withRspamd(
  folder: string,
  fn: (rspamd: Rspamd) => Promise<void>,
): Promise<void> {
  const port = freePort(), milterPort = freePort();
  await Deno.chmod(folder, 0o777); // its workers are another user's
  await Deno.writeTextFile(`${folder}/rules.lua`, rules(folder));
  // The list of all the world's takes seconds to read.
  await Deno.writeTextFile(`${folder}/tld`, "com\nexample\norg\n");
  await Deno.writeTextFile(
    `${folder}/rspamd.conf`,
    `
options {
  pidfile = "${folder}/pid"; tempdir = "${folder}"; rrd = "";
  cache_file = "${folder}/cache"; history_file = "${folder}/history";
  hs_cache_dir = "${folder}"; url_tld = "${folder}/tld"; filters = "";
  dns { nameserver = ["127.0.0.1:9:1"]; timeout = 0.1s; retransmits = 1; }
}
logging { type = "file"; filename = "${folder}/log"; level = "warning"; }
actions { reject = 15; rewrite_subject = 8; add_header = 6; greylist = 4;
  soft_reject = null; }
worker "normal" { bind_socket = "127.0.0.1:${port}"; count = 1; }
worker "rspamd_proxy" {
  bind_socket = "127.0.0.1:${milterPort}"; milter = yes; timeout = 20s; count = 1;
  upstream "local" { default = yes; self_scan = yes; }
}
lua = "${folder}/rules.lua";
`,
  );
  const child = new Deno.Command("rspamd", {
    args: ["-f", "-i", "-c", `${folder}/rspamd.conf`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    for (const each of [port, milterPort]) {
      await until("rspamd listens", async () => {
        try {
          (await Deno.connect({ hostname: "127.0.0.1", port: each })).close();
          return true;
        } catch {
          return false; // not yet
        }
      });
    }
    await fn({
      port,
      milterPort,
      pid: child.pid,
      seen: () => Deno.readTextFileSync(`${folder}/seen`),
    });
  } finally {
    try {
      child.kill("SIGTERM");
    } catch {
      // A test has ended it.
    }
    await child.status;
  }
}
