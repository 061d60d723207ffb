/**
 * What can be told of where a message comes from: SPF, DKIM, ARC and DMARC.
 * It is only told, in a header field; nothing is refused for it.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { Readable } from "node:stream";
import type { Resolver } from "../net/resolver.ts";
import { printable } from "../base/foreign_text.ts";
import { checkedMessage, Uncheckable } from "./checked_message.ts";
import { resultsHeader } from "./results_header.ts";
import { asText, isEvaluable, type Sender } from "./spf.ts";

export interface AuthenticationOptions {
  /** Our host name, under which the results are given. */
  readonly me: string;
  readonly resolver: Resolver;
  /** Then what is not known yet is `temperror`. */
  readonly seconds: number;
  /** Takes a line for the administrator. */
  readonly emit: Emit;
}

/** For one message: keys, policies, and what they include. */
const lookupsLimit = 300;
const errorLimit = 200;

interface Results {
  spf: string;
  dkim: readonly string[];
  arc: string | undefined;
  dmarc: string;
}

/**
 * The Authentication-Results of a message, with LF. Never rejects: what could
 * not be checked for now is `temperror`, and what is too long to be checked
 * `permerror`.
 *
 * @param message its bytes, lines ended by LF
 */
export async function authenticationResults(
  sender: Sender,
  message: AsyncIterable<Uint8Array<ArrayBuffer>>,
  options: AuthenticationOptions,
): Promise<string> {
  const results: Results = {
    spf: "spf=temperror",
    dkim: ["dkim=temperror"],
    arc: undefined,
    dmarc: "dmarc=temperror",
  };
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, options.seconds * 1000);
  }).then(() => {
    throw new Error(`not checked within ${options.seconds} seconds`);
  });
  const work = check(sender, until(stop.signal, message), results, options);
  work.catch(() => {}); // it may fail when nobody waits for it any more
  try {
    await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof Uncheckable) {
      results.dkim = ["dkim=permerror (too long)"];
      results.dmarc = "dmarc=permerror (too long)";
    } else {
      const why = printable(String(error), errorLimit);
      options.emit(trouble(`unable to authenticate a message: ${why}`));
    }
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
  const { spf, dkim, arc, dmarc } = results;
  return resultsHeader(
    options.me,
    [spf, ...dkim, ...(arc === undefined ? [] : [arc]), dmarc],
  );
}

async function* until<T>(
  signal: AbortSignal,
  chunks: AsyncIterable<T>,
): AsyncGenerator<T> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}

/** As mailauth's `authenticate` does it, without BIMI and sealing. */
async function check(
  from: Sender,
  message: AsyncIterable<Uint8Array<ArrayBuffer>>,
  results: Results,
  { me, resolver: ours, seconds }: AuthenticationOptions,
): Promise<void> {
  const { arc, dkimVerify, evaluateDmarc, nodeResolver, spf } = await import(
    "./mailauth.ts"
  );
  const resolver = nodeResolver(ours, lookupsLimit);
  const spfDomains: string[] = [];
  if (!isEvaluable(from)) results.spf = "spf=none";
  else {
    const { ip, helo, sender } = from;
    const checked = await spf({
      ip,
      sender: asText(sender),
      helo: asText(helo ?? ip),
      mta: me,
      resolver,
      maxElapsedTime: seconds * 1000,
    });
    results.spf = checked.info;
    if (checked.status.result === "pass") spfDomains.push(checked.domain);
  }

  const dkim = await dkimVerify(
    Readable.from(checkedMessage(message), { objectMode: false }),
    { resolver },
  );
  const signatures = dkim.results ?? [];
  results.dkim = signatures.map((each) => each.info!);
  // deno-lint-ignore no-explicit-any
  const arcResult = await arc((dkim as any).arc, { resolver });
  results.arc = arcResult.info;

  const { response } = await evaluateDmarc({
    headerFrom: dkim.headerFrom,
    fromFields: dkim.fromFields,
    spfDomains,
    dkimDomains: signatures
      .filter((each) => each.status.result === "pass")
      .map((each) => ({
        id: each.id,
        domain: each.signingDomain,
        aligned: each.status.aligned,
        underSized: each.status.underSized,
      })),
    arcResult,
    resolver,
    // deno-lint-ignore no-explicit-any
  } as any);
  results.dmarc = response
    ? response.info!
    : "dmarc=permerror (not one author domain)";
}
