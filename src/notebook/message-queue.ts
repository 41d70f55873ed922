// Messages in the order in which they came, for a reader that asks for one at a time.

export class MessageQueue<Message> {
  private readonly messages: Message[] = [];
  private reader: { readonly resolve: (message: Message) => void; readonly reject: (reason: Error) => void } | null = null;
  private failure: Error | null = null;

  push(message: Message): void {
    const { reader } = this;
    this.reader = null;
    if (reader === null) this.messages.push(message);
    else reader.resolve(message);
  }

  /** Nothing will come any more. */
  fail(reason: Error): void {
    this.failure = reason;
    this.reader?.reject(reason);
    this.reader = null;
  }

  next(): Promise<Message> {
    const first = this.messages.shift();
    if (first !== undefined) return Promise.resolve(first);
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => { this.reader = { resolve, reject }; });
  }
}
