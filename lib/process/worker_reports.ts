/**
 * What a worker tells the process that started it.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import { closeDescriptor, doNotBlock, readNow } from "../sys/descriptors.ts";
import { EPOLLIN } from "../sys/epoll.ts";
import { eventLoop, type Watcher } from "../sys/event_loop.ts";
import { readyReport } from "./worker_role.ts";

/** Characters of a line that a worker may write. */
const longestReport = 16;
/** Read in a turn. */
const readBytes = 4096;

export interface ReportReader {
  /** It accepts connections. */
  ready(): void;
  /** It holds so many of them now. */
  active(count: number): void;
}

/**
 * A worker talks to the network; the process that reads this is root and
 * believes it nothing but numbers.
 */
export class WorkerReports implements Watcher {
  #text = "";
  #active = 0;

  /** @param fd the reading end of its pipe, which is closed by `close` */
  constructor(readonly fd: number, readonly reader: ReportReader) {
    doNotBlock(fd);
    eventLoop.add(fd, EPOLLIN, this);
  }

  ready(): void {
    const bytes = readNow(this.fd, readBytes);
    if (bytes.length === 0) return eventLoop.remove(this.fd); // its end
    const lines = (this.#text + fromBytes(bytes)).split("\n");
    this.#text = lines.pop()!.slice(0, longestReport);
    const before = this.#active;
    for (const line of lines) {
      if (line === readyReport) this.reader.ready();
      else if (/^\d{1,9}$/.test(line)) this.#active = Number(line);
    }
    if (this.#active !== before) this.reader.active(this.#active);
  }

  close(): void {
    eventLoop.remove(this.fd);
    closeDescriptor(this.fd);
  }
}
