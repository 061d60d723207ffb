/**
 * From a request to a drain that runs until it is told to end.
 *
 * @module
 */
import type { Emit } from "../../lib/base/events.ts";
import { Fatal } from "../../lib/base/fatal.ts";
import type { Values } from "../../lib/cli/option.ts";
import type { TargetMaker } from "../../lib/deliver/target_row.ts";
import { Drain } from "../../lib/drain/drain.ts";
import { Ways } from "../../lib/drain/ways.ts";
import { lineOf as jsonOf } from "../../lib/log/json.ts";
import { flushAll } from "../../lib/log/line_writer.ts";
import { stderrLines } from "../../lib/log/stderr_lines.ts";
import { troubleText } from "../../lib/log/tcpserver.ts";
import { withMailLog } from "../../lib/log/with_mail_log.ts";
import { HopSecrets } from "../../lib/next_hop/secrets.ts";
import { Readiness } from "../../lib/process/readiness.ts";
import { explained } from "../../lib/queue/link_remedy.ts";
import { queueOptions } from "../../lib/queue/options.ts";
import { type QueueUrl, queueUrl, writtenUrl } from "../../lib/queue/url.ts";
import { listenToSignals, outliveLimits } from "../../lib/sys/signals.ts";
import { asProgram, ownEnvironment } from "../../lib/ucspi/environment.ts";
import { queueSettings } from "../queue_options.ts";
import type { options } from "./options.ts";

export type DrainRequest = Values<typeof options> & {
  readonly url: QueueUrl;
  readonly deliver: TargetMaker;
};

/** To write what was said last. */
const flushSeconds = 2;

/** @throws Fatal that says what is wrong */
export async function runDrain(
  request: DrainRequest,
  calledAs: string,
): Promise<number> {
  outliveLimits();
  const { url, logFormat } = request;
  const mailLog = request.mailLog ?? { type: "stderr" };
  const isJson = logFormat === "json";
  const say: Emit = (event) => {
    const text = troubleText(event);
    if (text === null) return;
    stderrLines.line(isJson ? jsonOf(event)! : `${calledAs}: ${text}`);
  };
  const emit = await attempt(() => withMailLog({ mailLog, logFormat }, say));
  const secrets = new HopSecrets(request.queueAuth, request.queueCa);
  const ways = await attempt(() => waysOf(request, secrets, emit), 100);
  await attempt(() => secrets.prepare());
  await attempt(() => ways.prepare());
  const drain = new Drain(
    {
      queue: queueOptions(url, queueSettings(request), secrets),
      concurrency: request.concurrency,
      perDomain: request.perDomain,
      pausesMs: request.pauses,
      mostDays: request.days,
      me: hostName(request),
      reports: request.bounces !== null,
    },
    ways,
    emit,
  );
  if (request.check) return await check(drain, ways, secrets);
  await attempt(() => drain.start(), 111, `use ${writtenUrl(url)}`);
  if (!isJson) {
    stderrLines.line(`${calledAs}: takes messages from ${writtenUrl(url)}`);
  }
  new Readiness(null).ready();
  await new Promise<void>((end) => {
    listenToSignals([
      ["SIGTERM", end],
      ["SIGINT", end],
      ["SIGHUP", () => refresh(ways, secrets, emit)],
    ]);
  });
  await drain.stop(request.grace);
  await flushAll(flushSeconds);
  return 0;
}

const hostName = ({ me }: DrainRequest) => me ?? Deno.hostname();

function waysOf(
  request: DrainRequest,
  secrets: HopSecrets,
  emit: Emit,
): Ways {
  const { relayTls, relayClient, relayConnections, relayAuth, relayCa } =
    request;
  const home = Deno.env.get("QMAILHOME") ?? "/var/qmail";
  return new Ways({
    deliver: request.deliver,
    relay: request.relay,
    route: request.route,
    routes: request.routes,
    bounces: request.bounces,
    rcpthosts: request.rcpthosts,
    me: hostName(request),
    queueProgram: `${home}/bin/qmail-queue`,
    createMailboxes: request.createMailboxes,
    minFreePercent: request.minFree,
    nextHop: {
      ...{ tls: relayTls, client: relayClient, connections: relayConnections },
      secrets: new HopSecrets(relayAuth, relayCa),
    },
    queue: { settings: queueSettings(request), secrets },
    mayBe: (target) => refuseCircle(target, request.url),
  }, emit);
}

/** What comes out of the queue must not go into it again. */
function refuseCircle(target: string, { hosts, vhost }: QueueUrl): void {
  if (!/^amqps?:/.test(target)) return;
  const other = queueUrl(target);
  const isSame = other.vhost === vhost &&
    other.hosts.some((one) =>
      hosts.some((each) =>
        each.hostname === one.hostname && each.port === one.port
      )
    );
  if (isSame) {
    throw new Error(
      `${writtenUrl(other)} is the queue that is drained: a target is wanted ` +
        "that mail leaves it by",
    );
  }
}

/** Tells what is wrong, as far as that can be known. */
async function check(
  drain: Drain,
  ways: Ways,
  secrets: HopSecrets,
): Promise<number> {
  const env = asProgram(ownEnvironment());
  const found = [...secrets.problems(), ...await ways.problems(env)];
  try {
    await drain.check();
  } catch (error) {
    found.push(explained((error as Error).message));
  }
  if (found.length > 0) throw new Fatal(100, found.join("\n"));
  return 0;
}

function refresh(ways: Ways, secrets: HopSecrets, emit: Emit): void {
  for (const each of [ways, { refresh: () => secrets.read() }]) {
    try {
      each.refresh();
    } catch (error) {
      const { message } = error as Error;
      emit({ type: "trouble", text: `${message}; what was read before stays` });
    }
  }
  emit({ type: "settings.refreshed" });
}

/** Does something at the start, or ends the process. */
async function attempt<T>(
  act: () => T | Promise<T>,
  exitCode: 100 | 111 = 111,
  what: string | null = null,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const { message } = error as Error;
    const text = what === null
      ? message
      : `unable to ${what}: ${explained(message)}`;
    throw new Fatal(exitCode, `fatal: ${text}`, { cause: error });
  }
}
