/** Where a gate can be looked at, and from where. */
import { assertEquals } from "@std/assert";
import { isLocal, placeOf, placeText } from "../../lib/metrics/place.ts";

const places: [text: string, shown: string | null, isLocal?: boolean][] = [
  ["127.0.0.1:9025", "127.0.0.1:9025", true],
  ["localhost:9025", "127.0.0.1:9025", true],
  ["127.9.9.9:1", "127.9.9.9:1", true],
  ["[::1]:65535", "[::1]:65535", true],
  ["::1:9025", "[::1]:9025", true],
  ["unix:/run/postern.sock", "unix:/run/postern.sock", true],
  ["0.0.0.0:9025", "0.0.0.0:9025", false],
  ["[::]:9025", "[::]:9025", false],
  ["192.0.2.1:9025", "192.0.2.1:9025", false],
  ["1270.0.0.1:9025", null],
  ["mx.example:9025", null],
  ["127.0.0.1", null],
  ["127.0.0.1:0", null],
  ["127.0.0.1:65536", null],
  ["127.0.0.1:", null],
  [":9025", null],
  ["unix:run/postern.sock", null],
  ["unix:", null],
  ["", null],
];

Deno.test("a place is an address with a port, or a path", () => {
  for (const [text, shown, local] of places) {
    const place = placeOf(text);
    assertEquals(place && placeText(place), shown, text);
    if (place) assertEquals(isLocal(place), local, text);
  }
});
