import { connect } from "../shared/bridge.ts";

const bridge = connect();
bridge.ready();
