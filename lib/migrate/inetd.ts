/**
 * Lines of inetd.conf(5).
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import { baseName, textWord, valueOf, type Word } from "./word.ts";
import { tcpdRemark } from "./xinetd.ts";

/**
 * A line of inetd.conf(5), in whose place serve listens itself: the program
 * and its arguments. null for another command.
 */
export function ofInetd(words: readonly Word[], chain: Chain): Word[] | null {
  const [port, stream, tcp, nowait, user, path, argv0, ...args] = words;
  const texts = [stream, tcp, nowait].map((word) => word && valueOf(word));
  if (argv0 === undefined) return null;
  if (!/^stream tcp[46]? nowait/.test(texts.join(" "))) return null;
  chain.place = { host: textWord("0", chain.line), port };
  chain.becomes(user, true);
  chain.remark(chain.line, "a line of inetd: serve listens in its place");
  const isTcpd = baseName(path) === "tcpd";
  if (isTcpd) chain.remark(chain.line, tcpdRemark, true);
  return [isTcpd ? argv0 : path, ...args];
}
