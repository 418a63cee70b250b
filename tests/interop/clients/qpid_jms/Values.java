import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import jakarta.jms.BytesMessage;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.ObjectMessage;
import jakarta.jms.Session;
import jakarta.jms.StreamMessage;
import jakarta.jms.TextMessage;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Decimal128;
import org.apache.qpid.proton.amqp.Decimal32;
import org.apache.qpid.proton.amqp.Decimal64;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.UnsignedByte;
import org.apache.qpid.proton.amqp.UnsignedInteger;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.UnsignedShort;

/** Values and messages between JSON (README.md) and JMS. */
final class Values {
  private static final HexFormat HEX = HexFormat.of();

  private Values() {}

  static JsonArray value(String type, Object content) {
    JsonArray out = new JsonArray();
    out.add(type);
    if (content instanceof Number number) out.add(number);
    else if (content instanceof Boolean bool) out.add(bool);
    else if (content instanceof JsonElement element) out.add(element);
    else if (content != null) out.add(content.toString());
    return out;
  }

  static JsonElement told(byte[] bytes) {
    if (bytes.length <= 4096) return new JsonPrimitive(HEX.formatHex(bytes));
    JsonObject out = new JsonObject();
    out.addProperty("size", bytes.length);
    try {
      out.addProperty("sha256", HEX.formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
    return out;
  }

  static byte[] bytes(JsonElement spec) {
    if (spec.isJsonPrimitive()) return HEX.parseHex(spec.getAsString());
    byte[] out = new byte[spec.getAsJsonObject().get("size").getAsInt()];
    for (int i = 0; i < out.length; ++i) out[i] = (byte) (i * 31 + i / 251);
    return out;
  }

  /** A value of a type that JMS has. */
  static Object decode(JsonArray spec) {
    String type = spec.get(0).getAsString();
    JsonElement content = spec.size() > 1 ? spec.get(1) : null;
    return switch (type) {
      case "null" -> null;
      case "boolean" -> content.getAsBoolean();
      case "byte" -> content.getAsByte();
      case "short" -> content.getAsShort();
      case "int" -> content.getAsInt();
      case "long" -> Long.parseLong(content.getAsString());
      case "float" -> Float.intBitsToFloat(Integer.parseUnsignedInt(content.getAsString(), 16));
      case "double" -> Double.longBitsToDouble(Long.parseUnsignedLong(content.getAsString(), 16));
      case "string" -> content.getAsString();
      case "binary" -> bytes(content);
      case "char" -> (char) content.getAsInt();
      default -> throw new IllegalArgumentException("JMS has no " + type);
    };
  }

  /** Any value that the library gives, with the AMQP type it stands for. */
  static JsonArray encode(Object found) {
    if (found == null) return value("null", null);
    if (found instanceof Boolean) return value("boolean", found);
    if (found instanceof Byte) return value("byte", found);
    if (found instanceof Short) return value("short", found);
    if (found instanceof Integer) return value("int", found);
    if (found instanceof Long) return value("long", found.toString());
    if (found instanceof Float number) return value("float", String.format("%08x", Float.floatToRawIntBits(number)));
    if (found instanceof Double number) return value("double", String.format("%016x", Double.doubleToRawLongBits(number)));
    if (found instanceof String) return value("string", found);
    if (found instanceof Symbol) return value("symbol", found.toString());
    if (found instanceof UnsignedByte number) return value("ubyte", number.intValue());
    if (found instanceof UnsignedShort number) return value("ushort", number.intValue());
    if (found instanceof UnsignedInteger number) return value("uint", number.longValue());
    if (found instanceof UnsignedLong number) return value("ulong", number.toString());
    if (found instanceof Decimal32 number) return value("decimal32", String.format("%08x", number.getBits()));
    if (found instanceof Decimal64 number) return value("decimal64", String.format("%016x", number.getBits()));
    if (found instanceof Decimal128 number) return value("decimal128", HEX.formatHex(number.asBytes()));
    if (found instanceof Character letter) return value("char", (int) letter);
    if (found instanceof java.util.Date date) return value("timestamp", Long.toString(date.getTime()));
    if (found instanceof java.util.UUID uuid) return value("uuid", uuid.toString().replace("-", ""));
    if (found instanceof byte[] bytes) return value("binary", told(bytes));
    if (found instanceof Binary binary) return value("binary", told(binary.getArray()));
    if (found instanceof List<?> items) return value("list", list(items));
    if (found instanceof Map<?, ?> map) return value("map", pairs(map));
    if (found instanceof Object[] items) return value("list", list(List.of(items)));
    throw new IllegalArgumentException(found.getClass() + " is not expected here");
  }

  private static JsonArray list(List<?> items) {
    JsonArray out = new JsonArray();
    for (Object item : items) out.add(encode(item));
    return out;
  }

  private static JsonArray pairs(Map<?, ?> map) {
    JsonArray out = new JsonArray();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      JsonArray pair = new JsonArray();
      pair.add(encode(entry.getKey()));
      pair.add(encode(entry.getValue()));
      out.add(pair);
    }
    return out;
  }

  static Message message(Session session, JsonObject spec) throws JMSException {
    Message made = body(session, spec);
    if (spec.has("application_properties")) {
      for (JsonElement item : spec.getAsJsonArray("application_properties")) {
        JsonArray pair = item.getAsJsonArray();
        made.setObjectProperty(pair.get(0).getAsJsonArray().get(1).getAsString(), decode(pair.get(1).getAsJsonArray()));
      }
    }
    JsonObject properties = spec.has("properties") ? spec.getAsJsonObject("properties") : new JsonObject();
    if (properties.has("correlation_id")) {
      made.setJMSCorrelationID(properties.getAsJsonArray("correlation_id").get(1).getAsString());
    }
    if (properties.has("subject")) made.setJMSType(properties.get("subject").getAsString());
    if (properties.has("group_id")) made.setStringProperty("JMSXGroupID", properties.get("group_id").getAsString());
    if (properties.has("group_sequence")) made.setIntProperty("JMSXGroupSeq", properties.get("group_sequence").getAsInt());
    return made;
  }

  private static Message body(Session session, JsonObject spec) throws JMSException {
    if (spec.has("data")) {
      BytesMessage made = session.createBytesMessage();
      made.writeBytes(bytes(spec.getAsJsonArray("data").get(0)));
      return made;
    }
    if (spec.has("sequence")) {
      StreamMessage made = session.createStreamMessage();
      for (JsonElement item : spec.getAsJsonArray("sequence").get(0).getAsJsonArray()) made.writeObject(decode(item.getAsJsonArray()));
      return made;
    }
    JsonArray value = spec.getAsJsonArray("value");
    switch (value.get(0).getAsString()) {
      case "null":
        return session.createMessage();
      case "string":
        return session.createTextMessage(value.get(1).getAsString());
      case "map":
        MapMessage made = session.createMapMessage();
        for (JsonElement item : value.get(1).getAsJsonArray()) {
          JsonArray pair = item.getAsJsonArray();
          made.setObject(pair.get(0).getAsJsonArray().get(1).getAsString(), decode(pair.get(1).getAsJsonArray()));
        }
        return made;
      default:
        ObjectMessage object = session.createObjectMessage();
        object.setBooleanProperty("JMS_AMQP_TYPED_ENCODING", true);
        object.setObject((java.io.Serializable) decode(value));
        return object;
    }
  }

  static JsonObject message(Message found) throws JMSException {
    JsonObject out = new JsonObject();
    JsonObject header = new JsonObject();
    header.addProperty("durable", found.getJMSDeliveryMode() == DeliveryMode.PERSISTENT);
    header.addProperty("priority", found.getJMSPriority());
    header.addProperty("expires", found.getJMSExpiration());
    header.addProperty("delivery_count", found.getIntProperty("JMSXDeliveryCount") - 1);
    header.addProperty("redelivered", found.getJMSRedelivered());
    out.add("header", header);
    JsonObject properties = new JsonObject();
    if (found.getJMSCorrelationID() != null) properties.add("correlation_id", value("string", found.getJMSCorrelationID()));
    if (found.getJMSMessageID() != null) properties.add("message_id", value("string", found.getJMSMessageID()));
    if (found.getJMSType() != null) properties.addProperty("subject", found.getJMSType());
    if (found.propertyExists("JMSXGroupID")) properties.addProperty("group_id", found.getStringProperty("JMSXGroupID"));
    out.add("properties", properties);
    JsonArray application = new JsonArray();
    for (Object name : Collections.list(found.getPropertyNames())) {
      if (name.toString().startsWith("JMS")) continue;
      JsonArray pair = new JsonArray();
      pair.add(value("string", name));
      pair.add(encode(found.getObjectProperty(name.toString())));
      application.add(pair);
    }
    if (application.size() > 0) out.add("application_properties", application);
    tellBody(out, found);
    return out;
  }

  private static void tellBody(JsonObject out, Message found) throws JMSException {
    if (found instanceof BytesMessage bytes) {
      ByteBuffer whole = ByteBuffer.allocate((int) bytes.getBodyLength());
      bytes.readBytes(whole.array());
      JsonArray data = new JsonArray();
      data.add(told(whole.array()));
      out.add("data", data);
    } else if (found instanceof StreamMessage stream) {
      JsonArray items = new JsonArray();
      try {
        while (true) items.add(encode(stream.readObject()));
      } catch (jakarta.jms.MessageEOFException end) {
        // all of it was read
      }
      JsonArray lists = new JsonArray();
      lists.add(items);
      out.add("sequence", lists);
    } else if (found instanceof TextMessage text) {
      out.add("value", encode(text.getText()));
    } else if (found instanceof MapMessage map) {
      JsonArray pairs = new JsonArray();
      for (Object name : Collections.list(map.getMapNames())) {
        JsonArray pair = new JsonArray();
        pair.add(value("string", name));
        pair.add(encode(map.getObject(name.toString())));
        pairs.add(pair);
      }
      out.add("value", value("map", pairs));
    } else if (found instanceof ObjectMessage object) {
      out.add("value", encode(object.getObject()));
    } else {
      out.add("value", value("null", null));
    }
  }
}
