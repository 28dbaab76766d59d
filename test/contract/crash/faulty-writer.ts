/** The writer thread with a planted fault; the fault listens first. */
import './fault.ts';
import '../../../src/stores/sqlite/writer.ts';
