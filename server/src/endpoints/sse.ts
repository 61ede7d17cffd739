/**
 * A decoder of server-sent events (WHATWG HTML, section 9.2.6) that takes bytes as they come, cut anywhere, and gives the data of every
 * complete event. Field names other than `data` are not needed here; comments are skipped.
 */
export function createSseDecoder(): { push(bytes: Uint8Array): string[]; end(): string[] } {
  const decoder = new TextDecoder("utf-8");
  let rest = "";
  let data: string[] = [];

  const line = (text: string, events: string[]) => {
    if (text === "") {
      if (data.length > 0) events.push(data.join("\n"));
      data = [];
    } else if (text.startsWith("data:")) {
      data.push(text.slice(text.startsWith("data: ") ? 6 : 5));
    } else if (text === "data") {
      data.push("");
    }
  };

  const take = (text: string, last: boolean): string[] => {
    const events: string[] = [];
    rest += text;
    let from = 0;
    for (let at = 0; at < rest.length; at++) {
      const char = rest.charCodeAt(at);
      if (char !== 10 && char !== 13) continue;
      // A carriage return at the very end may be the first half of a CRLF: wait for what follows.
      if (char === 13 && at + 1 === rest.length && !last) break;
      line(rest.slice(from, at), events);
      if (char === 13 && rest.charCodeAt(at + 1) === 10) at++;
      from = at + 1;
    }
    rest = rest.slice(from);
    if (last) {
      if (rest !== "") line(rest, events);
      rest = "";
      // Servers that forget the blank line behind their last event still meant it.
      line("", events);
    }
    return events;
  };

  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true }), false),
    end: () => take(decoder.decode(), true),
  };
}
