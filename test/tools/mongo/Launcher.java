import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** A MongoDB in memory for the tests: prints its port, ends when its standard input does. */
class Launcher {
  /** The driver refuses what calls itself older than 4.4; of that version this serves the commands our engine uses. */
  static class Version implements MongoVersion {
    public List<Integer> getVersionArray() { return List.of(4, 4, 0); }
    public int getWireVersion() { return 9; }
  }

  public static void main(String[] arguments) throws Exception {
    var backend = new MemoryBackend();
    backend.version(new Version());
    var server = new MongoServer(backend);
    if (List.of(arguments).contains("--oplog")) server.enableOplog();
    server.bind("127.0.0.1", 0);
    System.out.println("{\"port\":" + server.getLocalAddress().getPort() + "}");
    while (System.in.read() != -1) {}
    server.shutdownNow();
    System.exit(0);
  }
}
