// Does with Microsoft's JavaScript client what each line of JSON on stdin asks for, and answers with a line of JSON.
//
//   {"do": "receive", "from": {"queue": "work"}, "count": 1}   ->   {"value": [{"key": 0, "body": "one", ...}]}
//   {"do": "complete", "key": 0}                               ->   {"error": {"code": "MessageLockLost", ...}}
"use strict";

const readline = require("node:readline");
const { ServiceBusClient } = require("@azure/service-bus");

let client;
let receivers = new Map();
let received = [];

// Refusals are to be seen, not hidden behind retries; and no lock is renewed unasked.
const CLIENT_OPTIONS = { retryOptions: { maxRetries: 0, timeoutInMs: 10000 } };
const RECEIVER_OPTIONS = { maxAutoLockRenewalDurationInMs: 0 };

function receiver({ queue, topic, subscription, dead, forGood }) {
  const key = JSON.stringify([queue, topic, subscription, dead, forGood]);
  if (!receivers.has(key)) {
    const options = {
      ...RECEIVER_OPTIONS,
      receiveMode: forGood ? "receiveAndDelete" : "peekLock",
      ...(dead ? { subQueueType: "deadLetter" } : {}),
    };
    receivers.set(
      key,
      queue ? client.createReceiver(queue, options) : client.createReceiver(topic, subscription, options),
    );
  }
  return receivers.get(key);
}

function described(message) {
  const body = Buffer.isBuffer(message.body) ? message.body.toString() : message.body;
  const { messageId, subject, state, deliveryCount, applicationProperties } = message;
  const { deadLetterReason, deadLetterErrorDescription, deadLetterSource } = message;
  return {
    body, messageId, subject, state, deliveryCount, applicationProperties,
    deadLetterReason, deadLetterErrorDescription, deadLetterSource,
    sequenceNumber: Number(message.sequenceNumber),
  };
}

function keep(from, messages) {
  return messages.map((message) => ({ key: received.push([from, message]) - 1, ...described(message) }));
}

async function settle(key, action, ...more) {
  const [from, message] = received[key];
  await receiver(from)[action](message, ...more);
}

const actions = {
  async connect({ connectionString }) {
    client = new ServiceBusClient(connectionString, CLIENT_OPTIONS);
  },
  async close() {
    await client.close();
    receivers = new Map();
    received = [];
  },
  async send({ to, messages }) {
    const sender = client.createSender(to);
    await sender.sendMessages(messages);
    await sender.close();
  },
  async schedule({ to, messages, at }) {
    return (await client.createSender(to).scheduleMessages(messages, new Date(at))).map(Number);
  },
  async cancel({ to, numbers }) {
    await client.createSender(to).cancelScheduledMessages(numbers.map((number) => require("long").fromNumber(number)));
  },
  async receive({ from, count }) {
    return keep(from, await receiver(from).receiveMessages(count, { maxWaitTimeInMs: 10000 }));
  },
  async receiveDeferred({ from, number }) {
    return keep(from, await receiver(from).receiveDeferredMessages(require("long").fromNumber(number)));
  },
  async peek({ from, count, options }) {
    return (await receiver(from).peekMessages(count, options)).map(described);
  },
  async renew({ key }) {
    const [from, message] = received[key];
    const before = message.lockedUntilUtc;
    return (await receiver(from).renewMessageLock(message)) >= before;
  },
  complete: ({ key }) => settle(key, "completeMessage"),
  abandon: ({ key, properties }) => settle(key, "abandonMessage", properties),
  defer: ({ key, properties }) => settle(key, "deferMessage", properties),
  deadLetter: ({ key, options }) => settle(key, "deadLetterMessage", options),
  async acceptSession({ queue, session }) {
    await (session ? client.acceptSession(queue, session) : client.acceptNextSession(queue));
  },
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    let answer;
    try {
      answer = { value: (await actions[order.do](order)) ?? null };
    } catch (error) {
      answer = { error: { code: error.code ?? error.name, message: error.message } };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

main();
