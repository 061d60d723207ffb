/**
 * A protocol with somebody in front of it, within the process.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Ending, Protocol, Serving, Variables } from "../base/protocol.ts";
import type { Stream } from "../base/stream.ts";

/** Does what it is there for, and has a protocol serve, or does not. */
export type Wrapper = (
  inner: Protocol,
  stream: Stream,
  connection: Connection,
  ending: Ending,
) => Serving;

export class WrappedProtocol implements Protocol {
  constructor(readonly inner: Protocol, readonly wrapper: Wrapper) {}

  serve(stream: Stream, connection: Connection, ending: Ending): Serving {
    return this.wrapper(this.inner, stream, connection, ending);
  }

  get descriptors(): number {
    return this.inner.descriptors;
  }

  get hostName(): string | null {
    return this.inner.hostName ?? null;
  }

  get replies(): readonly number[] {
    return this.inner.replies;
  }

  prepare(): Promise<void> {
    return this.inner.prepare();
  }

  async rehearse(): Promise<void> {
    await this.inner.rehearse?.();
  }

  refresh(): void {
    this.inner.refresh();
  }

  problems(ruled?: Variables): Promise<string[]> {
    return this.inner.problems(ruled);
  }
}
