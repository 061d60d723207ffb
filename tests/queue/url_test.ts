import { assertEquals, assertThrows } from "@std/assert";
import { queueUrl, writtenUrl } from "../../lib/queue/url.ts";

Deno.test("queueUrl() reads hosts, ports, user and vhost", () => {
  assertEquals(queueUrl("amqp://a"), {
    isEncrypted: false,
    hosts: [{ hostname: "a", port: 5672 }],
    user: null,
    password: null,
    vhost: "/",
  });
  assertEquals(queueUrl("amqps://u:p%40:x@a:1,[::1]:2,b.example/v%2Fx"), {
    isEncrypted: true,
    hosts: [
      { hostname: "a", port: 1 },
      { hostname: "::1", port: 2 },
      { hostname: "b.example", port: 5671 },
    ],
    user: "u",
    password: "p@:x",
    vhost: "v/x",
  });
});

Deno.test("queueUrl() says what is wrong", () => {
  for (
    const [text, what] of [
      ["amqp:", "is wanted"],
      ["http://a", "is wanted"],
      ["amqp://", "is wanted"],
      ["amqp://a?x=1", "is wanted"],
      ["amqp://a,,b", '"" is no HOST'],
      ["amqp://a:0", "no HOST"],
      ["amqp://a:65536", "no HOST"],
      ["amqp://a b", "no HOST"],
      ["amqp://a/%", "write %25"],
      ["amqp://a/b/c", "written %2F"],
    ]
  ) assertThrows(() => queueUrl(text), Error, what);
});

Deno.test("writtenUrl() has nobody's password", () => {
  const written = "amqps://a:1,[::1]:2/v%2Fx";
  assertEquals(writtenUrl(queueUrl("amqps://u:p@a:1,[::1]:2/v%2Fx")), written);
  assertEquals(writtenUrl(queueUrl(written)), written);
});
