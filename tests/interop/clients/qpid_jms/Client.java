import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.qpid.jms.JmsConnectionFactory;

/**
 * Qpid JMS 2, driven by JSON lines: tests/interop/clients/README.md.
 *
 * <p>The operations of every client are there in the terms of JMS: an address is a queue, or a topic with the capability
 * `topic`; there is no credit, `receive` asks; `settle` sets the acknowledgement mode of Qpid JMS. Beside them: `session`
 * (a link's `session` names it; `mode`: `client`, `individual`, `transacted`), `commit`, `rollback`, `recover`, `browse`,
 * `unsubscribe`, `temporary`.
 */
public final class Client {
  private static final int INDIVIDUAL = 101; // Qpid JMS's own mode: each message acknowledged by itself
  private static final Map<String, Integer> OUTCOMES =
      Map.of("accepted", 1, "rejected", 2, "released", 3, "modified", 4, "undeliverable", 5);

  private final Map<String, Connection> connections = new HashMap<>();
  private final Map<String, Session> sessions = new HashMap<>();
  private final Map<String, MessageProducer> producers = new HashMap<>();
  private final Map<String, Session> sessionOf = new HashMap<>();
  private final Map<String, MessageConsumer> consumers = new HashMap<>();
  private final Map<String, Destination> temporaries = new HashMap<>();
  private final Map<String, Map<Integer, Message>> unsettled = new HashMap<>();
  private final Map<String, CompletableFuture<Throwable>> ends = new HashMap<>();

  public static void main(String[] arguments) throws IOException {
    Client client = new Client();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Gson gson = new Gson();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(gson.toJson(client.answer(JsonParser.parseString(line).getAsJsonObject())));
    }
    System.exit(0);
  }

  private JsonObject answer(JsonObject command) {
    try {
      return run(command);
    } catch (Exception error) {
      JsonObject out = new JsonObject();
      out.add("error", failure(error));
      return out;
    }
  }

  /** What the peer said is in the text of JMS's exception: "... [condition = amqp:not-found]". */
  private static JsonObject failure(Throwable error) {
    Throwable cause = error instanceof ExecutionException && error.getCause() != null ? error.getCause() : error;
    String text = cause.getClass().getSimpleName() + ": " + cause.getMessage();
    Matcher condition = Pattern.compile("\\[condition = ([^\\]]+)\\]").matcher(text);
    JsonObject out = new JsonObject();
    out.addProperty("condition", condition.find() ? condition.group(1) : "client");
    out.addProperty("description", text);
    return out;
  }

  private JsonObject run(JsonObject c) throws Exception {
    return switch (c.get("op").getAsString()) {
      case "connect" -> connect(c);
      case "close" -> close(c);
      case "session" -> session(c);
      case "commit" -> done(() -> named(c).commit());
      case "rollback" -> done(() -> named(c).rollback());
      case "recover" -> done(() -> named(c).recover());
      case "sender" -> sender(c);
      case "receiver" -> receiver(c);
      case "send" -> send(c);
      case "credit" -> new JsonObject();
      case "receive" -> receive(c);
      case "settle" -> settle(c);
      case "detach" -> detach(c);
      case "unsubscribe" -> done(() -> named(c).unsubscribe(c.get("name").getAsString()));
      case "browse" -> browse(c);
      case "temporary" -> temporary(c);
      case "ended" -> ended(c);
      case "idle" -> idle(c);
      default -> throw new IllegalArgumentException("no operation " + c.get("op"));
    };
  }

  private interface Step {
    void run() throws Exception;
  }

  private static JsonObject done(Step step) throws Exception {
    step.run();
    return new JsonObject();
  }

  private static String text(JsonObject c, String key, String otherwise) {
    return c.has(key) && !c.get(key).isJsonNull() ? c.get(key).getAsString() : otherwise;
  }

  private static boolean flag(JsonObject c, String key) {
    return c.has(key) && c.get(key).getAsBoolean();
  }

  private JsonObject connect(JsonObject c) throws JMSException {
    String name = c.get("connection").getAsString();
    String url = c.get("url").getAsString();
    String options = "jms.forceSyncSend=true&jms.sendTimeout=20000&jms.requestTimeout=10000";
    if (c.has("heartbeat")) options += "&amqp.idleTimeout=" + (int) (c.get("heartbeat").getAsDouble() * 1000);
    if (c.has("options")) options += "&" + c.get("options").getAsString();
    JmsConnectionFactory factory = new JmsConnectionFactory(url + "?" + options);
    Connection made =
        c.has("user") ? factory.createConnection(text(c, "user", ""), text(c, "password", "")) : factory.createConnection();
    made.setClientID(c.get("container").getAsString());
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    made.setExceptionListener(end::complete);
    ends.put(name, end);
    made.start();
    connections.put(name, made);
    sessions.put(name, made.createSession(false, INDIVIDUAL));
    JsonObject out = new JsonObject();
    out.addProperty("version", made.getMetaData().getProviderVersion());
    return out;
  }

  private JsonObject close(JsonObject c) throws JMSException {
    connections.remove(c.get("connection").getAsString()).close();
    return new JsonObject();
  }

  private JsonObject session(JsonObject c) throws JMSException {
    Connection connection = connections.get(c.get("connection").getAsString());
    String mode = text(c, "mode", "individual");
    Session made =
        mode.equals("transacted")
            ? connection.createSession(true, Session.SESSION_TRANSACTED)
            : connection.createSession(false, mode.equals("client") ? Session.CLIENT_ACKNOWLEDGE : INDIVIDUAL);
    sessions.put(c.get("session").getAsString(), made);
    return new JsonObject();
  }

  private Session named(JsonObject c) {
    return sessions.get(text(c, "session", text(c, "connection", "")));
  }

  private Destination destination(JsonObject c) throws JMSException {
    String address = text(c, "address", null);
    if (address == null) return null;
    if (temporaries.containsKey(address)) return temporaries.get(address);
    return isTopic(c) ? named(c).createTopic(address) : named(c).createQueue(address);
  }

  private static boolean isTopic(JsonObject c) {
    return has(c, "topic");
  }

  private static boolean has(JsonObject c, String capability) {
    if (!c.has("capabilities")) return false;
    for (JsonElement found : c.getAsJsonArray("capabilities")) {
      if (found.getAsString().equals(capability)) return true;
    }
    return false;
  }

  private JsonObject sender(JsonObject c) throws JMSException {
    MessageProducer made = named(c).createProducer(destination(c));
    if (c.has("delay")) made.setDeliveryDelay(c.get("delay").getAsLong());
    String link = c.get("link").getAsString();
    producers.put(link, made);
    sessionOf.put(link, named(c));
    return told(made.getDestination());
  }

  private static JsonObject told(Destination destination) {
    JsonObject out = new JsonObject();
    if (destination != null) out.addProperty("address", destination.toString());
    return out;
  }

  private JsonObject receiver(JsonObject c) throws JMSException {
    Session session = named(c);
    String selector = text(c, "selector", null);
    String name = text(c, "name", null);
    boolean durable = c.has("durable") && c.get("durable").getAsInt() > 0;
    Destination from = flag(c, "dynamic") ? session.createTemporaryQueue() : destination(c);
    MessageConsumer made;
    if (!isTopic(c)) made = session.createConsumer(from, selector);
    else if (has(c, "shared") && durable) made = session.createSharedDurableConsumer((jakarta.jms.Topic) from, name, selector);
    else if (has(c, "shared")) made = session.createSharedConsumer((jakarta.jms.Topic) from, name, selector);
    else if (durable) made = session.createDurableConsumer((jakarta.jms.Topic) from, name, selector, flag(c, "no_local"));
    else made = session.createConsumer(from, selector, flag(c, "no_local"));
    String link = c.get("link").getAsString();
    consumers.put(link, made);
    sessionOf.put(link, session);
    unsettled.put(link, new HashMap<>());
    if (flag(c, "dynamic")) temporaries.put(from.toString(), from);
    return told(from);
  }

  private JsonObject send(JsonObject c) throws Exception {
    String link = c.get("link").getAsString();
    MessageProducer producer = producers.get(link);
    Session session = sessionOf.get(link);
    JsonObject spec = c.getAsJsonObject("message");
    JsonObject header = spec.has("header") ? spec.getAsJsonObject("header") : new JsonObject();
    int mode = flag(header, "durable") ? DeliveryMode.PERSISTENT : DeliveryMode.NON_PERSISTENT;
    int priority = header.has("priority") ? header.get("priority").getAsInt() : 4;
    long ttl = header.has("ttl") ? header.get("ttl").getAsLong() : 0;
    JsonObject properties = spec.has("properties") ? spec.getAsJsonObject("properties") : new JsonObject();
    Message message = Values.message(session, spec);
    if (properties.has("reply_to")) {
      String to = properties.get("reply_to").getAsString();
      message.setJMSReplyTo(temporaries.containsKey(to) ? temporaries.get(to) : session.createQueue(to));
    }
    if (producer.getDestination() == null) {
      Destination to = session.createQueue(properties.get("to").getAsString());
      try {
        producer.send(to, message, mode, priority, ttl);
      } catch (JMSException error) {
        return refused(error);
      }
    } else {
      try {
        producer.send(message, mode, priority, ttl);
      } catch (JMSException error) {
        return refused(error);
      }
    }
    return outcome("accepted");
  }

  private static JsonObject outcome(String name) {
    JsonObject outcome = new JsonObject();
    outcome.addProperty("outcome", name);
    JsonObject out = new JsonObject();
    out.add("outcome", outcome);
    return out;
  }

  /** A rejected message is an exception in JMS. */
  private static JsonObject refused(JMSException error) throws JMSException {
    JsonObject why = failure(error);
    if (why.get("condition").getAsString().equals("client")) throw error;
    JsonObject out = outcome("rejected");
    out.getAsJsonObject("outcome").add("condition", why.get("condition"));
    out.getAsJsonObject("outcome").add("description", why.get("description"));
    return out;
  }

  private JsonObject receive(JsonObject c) throws JMSException {
    String link = c.get("link").getAsString();
    MessageConsumer consumer = consumers.get(link);
    int wanted = c.has("count") ? c.get("count").getAsInt() : 1;
    double seconds = c.has("timeout") ? c.get("timeout").getAsDouble() : 10;
    long deadline = System.nanoTime() + (long) (seconds * 1e9);
    JsonArray messages = new JsonArray();
    while (messages.size() < wanted) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      // Without waiting JMS asks the broker by a drain, so that what is there comes.
      Message found = left > 0 ? consumer.receive(left) : consumer.receiveNoWait();
      if (found == null) break;
      Map<Integer, Message> held = unsettled.get(link);
      held.put(held.size() + 1, found);
      JsonObject told = Values.message(found);
      told.addProperty("delivery", held.size());
      if (found.getJMSReplyTo() != null) {
        told.getAsJsonObject("properties").addProperty("reply_to", found.getJMSReplyTo().toString());
        temporaries.put(found.getJMSReplyTo().toString(), found.getJMSReplyTo());
      }
      messages.add(told);
    }
    JsonObject out = new JsonObject();
    out.add("messages", messages);
    return out;
  }

  private JsonObject settle(JsonObject c) throws JMSException {
    Message message = unsettled.get(c.get("link").getAsString()).get(c.get("delivery").getAsInt());
    String outcome = c.get("outcome").getAsString();
    if (outcome.equals("modified") && flag(c, "undeliverable")) outcome = "undeliverable";
    if (message instanceof BytesMessage bytes) bytes.reset();
    message.setIntProperty("JMS_AMQP_ACK_TYPE", OUTCOMES.get(outcome));
    message.acknowledge();
    return new JsonObject();
  }

  private JsonObject detach(JsonObject c) throws JMSException {
    String link = c.get("link").getAsString();
    if (producers.containsKey(link)) producers.remove(link).close();
    else consumers.remove(link).close();
    return new JsonObject();
  }

  private JsonObject browse(JsonObject c) throws JMSException {
    JsonArray messages = new JsonArray();
    QueueBrowser browser = named(c).createBrowser(named(c).createQueue(c.get("address").getAsString()), text(c, "selector", null));
    for (Object found : Collections.list(browser.getEnumeration())) messages.add(Values.message((Message) found));
    browser.close();
    JsonObject out = new JsonObject();
    out.add("messages", messages);
    return out;
  }

  private JsonObject temporary(JsonObject c) throws JMSException {
    Destination made = flag(c, "topic") ? named(c).createTemporaryTopic() : named(c).createTemporaryQueue();
    temporaries.put(made.toString(), made);
    return told(made);
  }

  private JsonObject ended(JsonObject c) throws Exception {
    double seconds = c.has("timeout") ? c.get("timeout").getAsDouble() : 10;
    return failure(ends.get(c.get("connection").getAsString()).get((long) (seconds * 1000), TimeUnit.MILLISECONDS));
  }

  private JsonObject idle(JsonObject c) throws Exception {
    CompletableFuture<Throwable> end = ends.get(c.get("connection").getAsString());
    try {
      Throwable why = end.get((long) (c.get("seconds").getAsDouble() * 1000), TimeUnit.MILLISECONDS);
      throw new JMSException(String.valueOf(why));
    } catch (TimeoutException stayed) {
      return new JsonObject();
    }
  }
}
