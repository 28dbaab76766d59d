/** An upstream that does nothing: the same bytes to every complete request. Also answers GET, to show that it is up. */
import { createServer } from 'node:net';
import { toolAnswer } from './wanted.ts';

const answer = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(toolAnswer)}\r\n\r\n${toolAnswer}`;

createServer({ noDelay: true }, (socket) => {
  let received = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const end = received.indexOf('\r\n\r\n');
    if (end === -1) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received)?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    received = '';
    socket.write(answer);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
