/**
 * rblsmtpd, recordio and fixcrio in front of a protocol of this process.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import type { Activity, Protocol, Serving } from "../base/protocol.ts";
import { dnsResolver } from "../net/resolver.ts";
import {
  ConnectionEnvironment,
  InheritedEnvironment,
  ownEnvironment,
} from "../ucspi/environment.ts";
import { type BlockList, judge, lookupSeconds } from "./blocklists.ts";
import { crFixer } from "./fixcrio.ts";
import { LayeredStream } from "./layer.ts";
import { recorder } from "./recordio.ts";
import { refuse } from "./refusal.ts";
import { WrappedProtocol, type Wrapper } from "./wrapped.ts";

/** What rblsmtpd is asked to do. */
export interface RblRequest {
  readonly lists: readonly BlockList[];
  /** How long a client that is blocked may talk; 0 for not at all. */
  readonly seconds: number;
}

/** Who is in front of smtpd. */
export type WrapperRequest =
  | { readonly name: "rblsmtpd"; readonly request: RblRequest }
  | { readonly name: "recordio" }
  | { readonly name: "fixcrio" };

/** @param wrappers the outermost first */
export const wrapped = (
  protocol: Protocol,
  wrappers: readonly WrapperRequest[],
  emit: Emit,
): Protocol =>
  wrappers.reduceRight<Protocol>(
    (inner, each) => new WrappedProtocol(inner, wrapperOf(each, emit)),
    protocol,
  );

function wrapperOf(wanted: WrapperRequest, emit: Emit): Wrapper {
  switch (wanted.name) {
    case "rblsmtpd":
      return rblsmtpd(wanted.request, emit);
    case "recordio":
      return recordio(emit);
    case "fixcrio":
      return (inner, stream, connection, ending) =>
        inner.serve(new LayeredStream(stream, crFixer()), connection, ending);
  }
}

const recordio = (emit: Emit): Wrapper => {
  return (inner, stream, connection, ending) => {
    const { number = Deno.pid } = connection;
    const lens = recorder((direction, { bytes, end }) =>
      emit({
        type: "bytes.recorded",
        number,
        direction,
        end,
        text: shown(bytes),
      })
    );
    return inner.serve(new LayeredStream(stream, lens), connection, ending);
  };
};

/** Others have lines in this log too: nothing in it may move the cursor. */
const shown = (bytes: Uint8Array<ArrayBuffer>) =>
  new TextDecoder().decode(bytes).replace(
    /\p{Cc}/gu,
    (control) => control === "\r" || control === "\t" ? control : "?",
  );

const lookedUp: Activity = { helo: null, doing: "is looked up" };

function rblsmtpd({ lists, seconds }: RblRequest, emit: Emit): Wrapper {
  const inherited = new InheritedEnvironment(ownEnvironment());
  const resolver = dnsResolver(lookupSeconds);
  return (inner, stream, connection, ending) => {
    const env = new ConnectionEnvironment(inherited, connection);
    const { number = Deno.pid, remote: { ip } } = connection;
    let serving: Serving = {
      activity: lookedUp,
      stop: () => {
        isOver = true;
        stream.close();
        ending.ended(0);
      },
    };
    let isOver = false;
    judge(lists, ip, env.get("RBLSMTPD"), resolver).then((judgement) => {
      if (isOver) return;
      if (judgement.type === "accept") {
        serving = inner.serve(stream, connection, ending);
        return;
      }
      const { reply } = judgement;
      emit({ type: "client.blocked", number, ip, reply });
      serving = refuse(stream, reply, seconds, ending);
    }).catch((error) => {
      stream.close();
      ending.broken(error);
    });
    return {
      get activity() {
        return serving.activity ?? lookedUp;
      },
      stop: () => serving.stop(),
    };
  };
}
